           -- A list as one value, from `list`: what rest_list.h says of its columns.
           SELECT json_build_object(
                      'found', bool_or(found), 'has_more', bool_or(has_more),
                      'total', substring(max(body) FILTER (WHERE place IS NULL) FROM '"total":([0-9]+)')::bigint,
                      'truncated', coalesce(bool_or(body LIKE '%"truncated":true') FILTER (WHERE place IS NULL), false),
                      'rows', json_agg(json_build_array(number::text, text, body::json) ORDER BY place)
                              FILTER (WHERE place IS NOT NULL))
           FROM list
