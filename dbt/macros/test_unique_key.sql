{# A returned row is a key that stands more than once, so the grain of the model is broken. #}
{% test unique_key(model, columns) %}
select {{ columns | join(', ') }}, count(*) as copies
from {{ model }}
group by {{ range(1, columns | length + 1) | join(', ') }}
having count(*) > 1
{% endtest %}
