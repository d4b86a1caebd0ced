-- grain: one row per table of the finance report, month and amount column: what its rows add up to
{% set figures = [
    ('cover', 'report_finance_cover', 'month', ['computed', 'billed', 'difference', 'explained', 'unexplained', 'payable'], none),
    ('lines', 'report_finance_lines', 'month', ['computed', 'billed', 'difference'], none),
    ('residuals', 'report_finance_residuals', 'month', ['residual'], none),
    ('disputes', 'report_finance_disputes', 'month', ['disputed'], none),
    ('accruals', 'report_finance_accruals', 'month', ['accrued', 'reversed'], none),
    ('rates', 'report_finance_rates', 'month', ['cost'], none),
    ('journal', 'journal_lines', 'month', ['debit', 'credit'], '_usd'),
    ('invoices', 'invoices', 'billing_month', ['payable'], '_usd'),
] -%}
with totals as (
    {%- for report, relation, month, names, suffix in figures %}
    {%- for name in names %}
    {%- set column = name ~ (suffix or '_cents_usd') %}

    select
        '{{ report }}' as report,
        {{ month }} as month,
        '{{ column }}' as figure,
        sum({{ column }}) as total_usd,
        count(*) as rows_added,
        count(*) - count({{ column }}) as rows_unknown
    from {{ ref(relation) }}
    group by {{ month }}
    {{ 'union all by name' if not loop.last }}
    {%- endfor %}
    {{ 'union all by name' if not loop.last }}
    {%- endfor %}

)

select
    report,
    month,
    figure,
    cast(total_usd as decimal(38, 18)) as total_usd,
    rows_added,
    rows_unknown
from totals
where total_usd is not null
