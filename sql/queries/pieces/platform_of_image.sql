    -- `h`: what a repository holds, `m`: the image. os/architecture[/variant].
    nullif(concat_ws('/', nullif(m.os, ''), nullif(m.architecture, ''),
                     coalesce(nullif(m.variant, ''), h.variants[1])), '')
