{{ config(enabled=is_on("decisions")) }}
{% call where_built() %}
{# The seed is named so that this stops acquisition_return, which reads both, and
   nothing else that reads the attributes. #}
-- depends_on: {{ ref("customer_value__acquisition_costs") }}
select
    concat(
        'The attribute acquisition_cost of customer ',
        customer_id,
        ' is ',
        attribute_value,
        ': it must be 0 or more, or empty.'
    ) as sentence
from {{ ref("int_customer_value__customer_attributes") }}
where
    attribute = 'acquisition_cost'
    and {{ parse_number("attribute_value", type_money()) }} < 0
{% endcall %}
