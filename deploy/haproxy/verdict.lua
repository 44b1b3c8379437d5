-- SPDX-License-Identifier: Apache-2.0
-- Access to the readers by the registry's verdict: the client's own `Authorization` goes to the registry's /v2/, and whoever
-- it lets in may search, whatever kind of login it has. For the lines marked verdict of haproxy.cfg, which name the registry
-- in proc.registry and act on what is set here:
--   txn.verdict     200, or with what the request is refused; 503: the registry cannot be asked
--   txn.challenge   the registry's WWW-Authenticate, for a 401
-- Where this fails nothing is set, and the request is refused. A verdict that says yes holds for a minute for exactly this
-- header; it is in HAProxy's memory alone. One that says no is asked for again: a login may have been made, a password mended.

local HOLDS_S = 60
local TIMEOUT_MS = 5000
local MOST_VERDICTS = 10000
local LONGEST_HEADER = 8192

local until_when = {} -- Authorization: the second at which its verdict ends
local number = 0

local function forget_all()
    until_when = {}
    number = 0
end

local function is_known(authorization)
    local ends = until_when[authorization]
    return ends ~= nil and core.now().sec < ends
end

local function keep(authorization)
    if number >= MOST_VERDICTS then
        forget_all() -- who is still there is asked for once more
    end
    if until_when[authorization] == nil then
        number = number + 1
    end
    until_when[authorization] = core.now().sec + HOLDS_S
end

local function ask(txn, authorization)
    local headers = { host = { txn.sf:req_fhdr("host") } } -- of the token server's address, maybe
    local proto = txn.sf:req_fhdr("x-forwarded-proto")
    if proto ~= "" then
        headers["x-forwarded-proto"] = { proto }
    end
    if authorization ~= "" then
        headers["authorization"] = { authorization }
    end
    return core.httpclient():get { url = txn:get_var("proc.registry") .. "/v2/", headers = headers, timeout = TIMEOUT_MS }
end

core.register_action("registry_verdict", { "http-req" }, function(txn)
    local authorization = txn.sf:req_fhdr("authorization")
    if is_known(authorization) then
        return txn:set_var("txn.verdict", 200)
    end
    if #authorization > LONGEST_HEADER then
        return txn:set_var("txn.verdict", 403)
    end
    local answer = ask(txn, authorization)
    local status = answer and answer.status
    if status == 401 then
        local challenges = answer.headers and answer.headers["www-authenticate"]
        txn:set_var("txn.challenge", challenges and challenges[0] or "")
    end
    if status == 200 then
        keep(authorization)
    end
    txn:set_var("txn.verdict", (status == 200 or status == 401 or status == 403) and status or 503)
end)
