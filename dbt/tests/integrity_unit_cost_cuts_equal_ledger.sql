{{ config(meta={'dagster': {'ref': {'name': 'cost_per_feature_by_team'}}}) }}
-- A returned row is a cut and a period grain whose spend does not sum to the ledger, on one of the two
-- bases: a cut divides the spend and neither loses nor repeats any.
{% set cuts = [] -%}
{% for unit in ['feature', 'active_user', 'resolved_ticket', 'successful_task', 'conversion'] -%}
{% for cut in ['team', 'tenant', 'cohort', 'provider', 'model', 'prompt_template', 'prompt_version', 'agent'] -%}
{% do cuts.append('cost_per_' ~ unit ~ '_by_' ~ cut) -%}
{% endfor -%}
{% endfor -%}
{{ mart_equals_ledger(cuts) }}
