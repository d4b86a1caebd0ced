{# Rows of a cost export that count, as CTEs `deliveries` and `<name>`: a billing period of a billing account is
   stated by the newest delivery, whole, for exports are rewritten through the month and after it. `relation` has
   the lineage columns, snapshot_provider, snapshot_account and snapshot_period. A delivery is one file, or the files
   of one folder whose names differ by a part number only (-00001, part_0_0001); files in a folder called
   `append` state additions, so together they are one delivery. #}
{% macro latest_deliveries(relation, name) -%}
deliveries as (

    select
        file_id,
        source,
        account,
        arrival_no,
        case
            when path like '%/append/%' then regexp_extract(path, '^(.*/append/)', 1)
            else regexp_replace(path, '(-[0-9]{5}|[-_.]?part[-_.]?[0-9][0-9_-]*)((\.[A-Za-z]+)+)$', '\2')
        end as delivery
    from {{ source('raw_control', 'landed_files') }}
    where status = 'loaded'

),

{{ name }} as (

    select rows_read.*
    from {{ relation }} as rows_read
    inner join (
        select *, max(arrival_no) over (partition by source, account, delivery) as delivery_no
        from deliveries
    ) as delivered
        on rows_read._file_id = delivered.file_id
        and rows_read._source = delivered.source
        and rows_read._account = delivered.account
    qualify delivered.delivery_no = max(delivered.delivery_no) over (
        partition by rows_read.snapshot_provider, rows_read.snapshot_account, rows_read.snapshot_period
    )

)
{%- endmacro %}

{# How many of the smallest unit a unit of a bill is: '1000000 Tokens', '1M tokens' and '1K' are 10^6, 10^6, 10^3. #}
{% macro unit_size(unit) -%}
    case
        when regexp_matches(lower({{ unit }}), '^(1,?000,?000|1 ?m\b|1m |1 ?million|millions? )|\b1m\b|per 1m\b')
            then 1000000
        when regexp_matches(lower({{ unit }}), '^(1,?000\b|1 ?k\b|1k |thousands? )|\b1k\b|per 1k\b') then 1000
        when regexp_matches({{ unit }}, '^[0-9]{1,9} ')
            then cast(regexp_extract({{ unit }}, '^([0-9]+) ', 1) as integer)
        else 1
    end
{%- endmacro %}

{# A price of a unit of `size` as the price of one, exactly; NULL where the size is no power of ten. #}
{% macro unit_price_of_one(price, size) -%}
    case {{ size }}
        when 1 then cast({{ price }} as decimal(38, 18))
        when 1000 then cast(cast({{ price }} as decimal(34, 14)) * 0.001 as decimal(38, 18))
        when 1000000 then cast(cast({{ price }} as decimal(32, 12)) * 0.000001 as decimal(38, 18))
    end
{%- endmacro %}

{# What a bill line counts, from the words of a SKU, meter or usage type. The labels are those of the seed
   billing_meters; what is neither input nor output keeps its own words, and no meter answers to it. Cached and
   storage come before input: 'cached input' is no input. #}
{% macro billed_item(words) -%}
    {%- set text = "lower(" ~ words ~ ")" -%}
    case
        when {{ words }} is null then null
        when regexp_matches({{ text }}, 'cach.*storage|storage.*cach') then 'cache storage'
        when regexp_matches({{ text }}, '(audio|image).*(token|predictions)|token.*(audio|image)')
            and regexp_matches({{ text }}, 'input|output') and not regexp_matches({{ text }}, 'cach')
            then regexp_extract({{ text }}, '(audio|image)', 1) || ' '
                || regexp_extract({{ text }}, '(input|output)', 1)
        when regexp_matches(
            {{ text }}, 'video|embedding|image|audio|speech|session|search|rerank|guardrail|training'
        ) then {{ text }}
        when regexp_matches({{ text }}, 'cach.*write|cachewrite|cache creation') then
            case
                when regexp_matches({{ text }}, '(1h|1 ?hour|1-hour)') then 'cache write 1h'
                when regexp_matches({{ text }}, '(5m|5 ?minute)') then 'cache write 5m'
                when regexp_matches({{ text }}, '30m') then 'cache write 30m'
                else 'cache write'
            end
        when regexp_matches({{ text }}, 'cach|\bcd\b|\bcchd\b') then 'cached input'
        when regexp_matches({{ text }}, 'output|\boutp\b|\boutpt\b|\bopt\b|\bout\b') then 'output'
        when regexp_matches({{ text }}, 'input|\binp\b|\binpt\b') then 'input'
        else {{ text }}
    end
{%- endmacro %}
