-- grain: one row per loaded FOCUS file, column and rule that it does not keep
-- FOCUS 1.0 to 1.4 are told apart by their columns: InvoiceId since 1.2, ServiceProviderName since
-- 1.3, no ProviderName since 1.4. What a version asks for is judged by that version.
with costs as (select * from {{ source('raw_focus', 'focus_costs') }}),

files as (

    select
        _file_id,
        _source,
        _account,
        any_value(columns_in_file) as columns_in_file,
        count(*) as file_rows
    from costs
    group by _file_id, _source, _account

),

versions as (

    select
        *,
        case
            when list_contains(columns, 'ServiceProviderName') and not list_contains(columns, 'ProviderName') then '1.4'
            when list_contains(columns, 'ServiceProviderName') then '1.3'
            when list_contains(columns, 'InvoiceId') then '1.2'
            when list_contains(columns, 'CapacityReservationId') or list_contains(columns, 'ServiceSubcategory')
                then '1.1'
            else '1.0'
        end as focus_version
    from (select *, cast(from_json(columns_in_file, '["VARCHAR"]') as varchar[]) as columns from files)

),

mandatory(column_name, since_version, until_version) as (

    values
    ('BilledCost', '1.0', '9'), ('BillingAccountId', '1.0', '9'), ('BillingAccountName', '1.0', '9'),
    ('BillingCurrency', '1.0', '9'), ('BillingPeriodEnd', '1.0', '9'), ('BillingPeriodStart', '1.0', '9'),
    ('ChargeCategory', '1.0', '9'), ('ChargeClass', '1.0', '9'), ('ChargeDescription', '1.0', '9'),
    ('ChargePeriodEnd', '1.0', '9'), ('ChargePeriodStart', '1.0', '9'), ('ContractedCost', '1.0', '9'),
    ('EffectiveCost', '1.0', '9'), ('InvoiceIssuerName', '1.0', '9'), ('ListCost', '1.0', '9'),
    ('PricingQuantity', '1.0', '9'), ('PricingUnit', '1.0', '9'), ('ProviderName', '1.0', '1.4'),
    ('PublisherName', '1.0', '1.4'), ('ServiceCategory', '1.0', '9'), ('ServiceName', '1.0', '9'),
    ('ServiceProviderName', '1.3', '9'), ('HostProviderName', '1.3', '9'), ('InvoiceId', '1.2', '9')

),

missing_columns as (

    select versions.*, mandatory.column_name, 'missing_column' as rule, file_rows as gap_rows
    from versions
    inner join mandatory
        on versions.focus_version >= mandatory.since_version
        and versions.focus_version < mandatory.until_version
        and not list_contains(versions.columns, mandatory.column_name)

),

stray_columns as (

    select * replace (file_rows as gap_rows)
    from (
        select *, unnest(columns) as column_name, 'stray_column' as rule, file_rows as gap_rows from versions
    )
    -- FOCUS names are words in capitals, and everything else is x_
    where not starts_with(column_name, 'x_') and not list_contains({{ focus_known_columns() }}, column_name)

),

literal_nulls as (

    select _file_id, _source, _account, column_name, 'literal_null' as rule, count(*) as gap_rows
    from (
        select *, unnest(cast(from_json(null_words, '["VARCHAR"]') as varchar[])) as column_name
        from costs
        where null_words is not null
    )
    group by _file_id, _source, _account, column_name

),

time_forms as (

    select
        _file_id,
        _source,
        _account,
        split_part(time_form, ': ', 1) as column_name,
        'time_format: ' || split_part(time_form, ': ', 2) as rule,
        count(*) as gap_rows
    from costs
    where time_form is not null
    group by _file_id, _source, _account, column_name, rule

),

value_gaps as (

    select
        _file_id,
        _source,
        _account,
        gap.column_name,
        gap.rule,
        count(*) as gap_rows
    from (
        select
            _file_id,
            _source,
            _account,
            unnest(list_filter([
                case when billing_account_id is null then {'column_name': 'BillingAccountId', 'rule': 'empty'} end,
                case when charge_category is null then {'column_name': 'ChargeCategory', 'rule': 'empty'} end,
                case
                    when charge_category not in ('Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment')
                        then {'column_name': 'ChargeCategory', 'rule': 'not_allowed_value'}
                end,
                case
                    when charge_class <> 'Correction'
                        then {'column_name': 'ChargeClass', 'rule': 'not_allowed_value'}
                end,
                case
                    when charge_frequency not in ('One-Time', 'Recurring', 'Usage-Based')
                        then {'column_name': 'ChargeFrequency', 'rule': 'not_allowed_value'}
                end,
                case when period_start_at is null then {'column_name': 'BillingPeriodStart', 'rule': 'empty'} end,
                case when invoice_issuer is null then {'column_name': 'InvoiceIssuerName', 'rule': 'empty'} end,
                case when provider_name is null then {'column_name': 'ServiceProviderName', 'rule': 'empty'} end,
                case when invoice_id is null then {'column_name': 'InvoiceId', 'rule': 'empty'} end,
                case
                    when charge_category = 'Usage' and cast(billed_cost as decimal(38, 18)) > 0
                        and cast(list_cost as decimal(38, 18)) = 0
                        then {'column_name': 'ListCost', 'rule': 'zero_is_no_price'}
                end,
                case
                    when charge_category = 'Usage' and cast(billed_cost as decimal(38, 18)) > 0
                        and cast(contracted_cost as decimal(38, 18)) = 0
                        then {'column_name': 'ContractedCost', 'rule': 'zero_is_no_price'}
                end,
                case
                    when charge_category = 'Usage' and consumed_quantity is null
                        then {'column_name': 'ConsumedQuantity', 'rule': 'empty'}
                end
            ], lambda gap: gap is not null)) as gap
        from costs
    )
    group by _file_id, _source, _account, gap.column_name, gap.rule

),

gaps as (

    select _file_id, _source, _account, column_name, rule, gap_rows from missing_columns
    union all
    select _file_id, _source, _account, column_name, rule, gap_rows from stray_columns
    union all
    select _file_id, _source, _account, column_name, rule, gap_rows from literal_nulls
    union all
    select _file_id, _source, _account, column_name, rule, gap_rows from time_forms
    union all
    select gaps_found._file_id, gaps_found._source, gaps_found._account, column_name, rule, gap_rows
    from value_gaps as gaps_found
    inner join versions
        on gaps_found._file_id = versions._file_id
        and gaps_found._source = versions._source
        and gaps_found._account = versions._account
    -- a column that is not there is one gap, not one per row
    where list_contains(versions.columns, gaps_found.column_name)

)

select
    gaps._source as source,
    gaps._file_id as file_id,
    gaps._account as account_label,
    versions.focus_version,
    gaps.column_name,
    gaps.rule,
    cast(gaps.gap_rows as bigint) as gap_rows,
    versions.file_rows
from gaps
inner join versions
    on gaps._file_id = versions._file_id
    and gaps._source = versions._source
    and gaps._account = versions._account
