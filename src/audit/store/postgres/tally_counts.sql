select count(*) filter (where services <> '[]'),
    count(*) filter (where services = '[]'),
    (select count(*) from changegate.record where leaf is null)
from tally
