-- grain: one row per mapping of the user, with the hash of its file
with fingerprints as (select * from {{ source('raw_control', 'input_fingerprints') }})

select
    substr(name, 9) as source,
    sha256 as mapping_sha256
from fingerprints
where starts_with(name, 'mapping:')
