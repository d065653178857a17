-- ingest.lua: plays signed webhooks of equal length from a file, each once. SEADESK_CORPUS, SEADESK_CORPUS_BYTES.
local size = tonumber(os.getenv("SEADESK_CORPUS_BYTES"))
local corpus, at = nil, 0

function init()
    local file = assert(io.open(os.getenv("SEADESK_CORPUS"), "rb"))
    corpus = file:read("*a")
    file:close()
end

function request()
    if at + size > #corpus then wrk.thread:stop(); at = 0 end
    at = at + size
    return corpus:sub(at - size + 1, at)
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        "RESULT requests=%d duration_us=%d p50_us=%d p99_us=%d refused=%d broken=%d\n", summary.requests,
        summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
        errors.connect + errors.read + errors.write + errors.timeout))
end
