using System.Text;

namespace Seedance.Onnx.Server.Fuzz;

/// <summary>Requests that are wrong in one of many ways, the same ones each time: the number of a request makes it.</summary>
/// <param name="seed">What else makes them.</param>
/// <param name="video">The id of a finished video.</param>
internal sealed class RequestFuzzer(int seed, string video)
{
    private const string OpenAi = "/v1/videos";
    private const string Ark = "/api/v3/contents/generations/tasks";

    private static readonly string[] Ranges =
    [
        "bytes=", "bytes=-", "bytes=0-", "bytes=-0", "bytes=-1", "bytes=5-2", "bytes=0-99999999999999999999", "bytes=99999999999999999999-", "bytes=-99999999999999999999", "bytes=0-0,2-3,5-", "bytes=a-b",
        "bytes=0-1;q=1", "bytes 0-1", "items=0-1", "bytes=0-\u00e9", "bytes=1-2,", "bytes=,", "bytes=0-1, 0-1", "=0-1", "bytes==0-1", "bytes=--1", "bytes=0x0-0x1", "bytes=9223372036854775807-9223372036854775807",
    ];

    private static readonly string[] Heads =
    [
        "GET", "GET /", "GET / HTTP/9.9", "GET / HTTP/1.1 x", " / HTTP/1.1", "G\u0001T / HTTP/1.1", "GET http://[::1 HTTP/1.1", "GET http://elsewhere.example/v1/videos HTTP/1.1", "GET * HTTP/1.1", "OPTIONS * HTTP/1.1",
        "CONNECT a:1 HTTP/1.1", "PRI * HTTP/2.0", "get /v1/videos HTTP/1.1", "TRACE /v1/videos HTTP/1.1", "PUT /v1/videos HTTP/1.1", "PATCH /v1/videos/x HTTP/1.1", "GET /%ZZ HTTP/1.1", "GET /%00 HTTP/1.1",
        "GET /v1/videos/%2e%2e/%2e%2e/jobs.db HTTP/1.1", "GET /page/../../jobs.db HTTP/1.1", "GET /results/%5c..%5csecret/video.mp4?until=1&signature=x HTTP/1.1", "GET /\u00ff HTTP/1.1", "GET //////v1//videos HTTP/1.1",
        "GET /v1/videos\0 HTTP/1.1", "GET /v1/videos?a=%u1234&b=%e0%80%80 HTTP/1.1", "POST /v1/videos HTTP/1.0", "GET / HTTP/1.1\r", "\r\n\r\nGET / HTTP/1.1", "HEAD /v1/videos HTTP/0.9",
    ];

    private static readonly string[] Fields =
    [
        "Host: evil.example", "Host: ", "Host: a b", "Host: 127.0.0.1:99999", "Host: [::1", "Origin: null", "Origin: https://evil.example", "Origin: \u0001", "Authorization: Bearer", "Authorization: Basic \u00ff\u00fe",
        "Authorization: Bearer " + "A", "Content-Type: ", "Content-Type: application/json; charset=utf-99", "Content-Type: multipart/form-data", "Content-Type: multipart/form-data; boundary=\"\"", "Content-Type: a/b/c; d",
        "Content-Type: multipart/form-data; boundary=\"a", "Content-Type: application/x-www-form-urlencoded; charset=\u00ff", "Content-Length: -1", "Content-Length: 1e3", "Content-Length: 99999999999999999999", "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 10000000000", "Content-Length: 100", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked\r\nContent-Length: 3", "Transfer-Encoding: \u000bchunked", "Expect: 100-continue", "Expect: money",
        "Upgrade: websocket\r\nConnection: Upgrade", "Connection: close, keep-alive", "Idempotency-Key: \u00ff\u0080", "If-Match: \"", "If-None-Match: W/\"x", "If-Modified-Since: never", "If-Range: \"a\" \"b\"", "Accept: */*;q=NaN",
        "Accept-Encoding: \u0001", "X-Forwarded-For: 1\r\n folded: yes", "No colon here", ": no name", "Bad Name: x", "Nul: a\0b", "Cookie: " + ";=;=;=;", "X-Client-Request-Id: \"", "traceparent: 00-zz-zz-01", "baggage: =,=,=", "Content-Encoding: br",
    ];

    private static readonly string[] Queries =
    [
        "limit=0", "limit=-1", "limit=1e9", "limit=999999999999", "limit=\u00e9", "limit=5&limit=6", "order=up", "order=", "after=", "after=%00", "after=' OR 1=1--", "after=%ff%fe", "variant=", "variant=../video", "variant=thumbnail%00", "page_num=0",
        "page_num=500&page_size=500", "page_num=2147483648", "page_size=-5", "filter.status=RUNNING", "filter.status=5", "filter.task_ids=%00,%00", "filter.task_ids=';DROP TABLE Jobs;--", "filter.model=%ff", "filter.service_tier=\ud83d\ude00", "until=x", "until=99999999999999999999&signature=",
    ];

    private readonly BodyFuzzer _bodies = new();

    /// <summary>A request.</summary>
    /// <param name="number">Which one, from 0.</param>
    public FuzzedRequest Make(int number)
    {
        Random random = new(seed + number);
        return (number % 20) switch
        {
            < 6 => Json(random),
            < 9 => Form(random),
            9 when number % 60 == 9 => Image(random),
            < 12 => Query(random),
            < 14 => Range(random),
            < 17 => Head(random),
            17 => Chunks(random),
            18 => Cut(random),
            _ => Noise(random),
        };
    }

    private static string Pick(Random random, params IReadOnlyList<string> values) => values[random.Next(values.Count)];

    private static FuzzedRequest Framed(string kind, string method, string path, string? contentType, byte[] body, string more = "")
    {
        string type = contentType is null ? "" : $"Content-Type: {contentType}\r\n", length = method == "GET" ? "" : $"Content-Length: {body.Length}\r\n";
        return new FuzzedRequest(kind, [.. Encoding.Latin1.GetBytes($"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{type}{length}{more}\r\n"), .. body], IsFramed: true);
    }

    private FuzzedRequest Json(Random random)
    {
        (string path, byte[] body) = random.Next(5) switch
        {
            0 or 1 => (OpenAi, _bodies.OpenAi(random)),
            2 or 3 => (Ark, _bodies.Ark(random)),
            _ => ($"{OpenAi}/{video}/remix", _bodies.OpenAi(random)),
        };
        string type = Pick(random, "application/json", "application/json", "application/json; charset=utf-8", "application/json; charset=utf-16", "application/json;;=", "application/problem+json");
        return Framed("json", "POST", path, type, body, random.Next(8) == 0 ? $"Idempotency-Key: {random.Next(20)}\r\n" : "");
    }

    private FuzzedRequest Form(Random random)
    {
        if (random.Next(6) == 0)
        {
            return Framed("urlencoded", "POST", OpenAi, "application/x-www-form-urlencoded", _bodies.Encoded(random));
        }

        (string boundary, byte[] body) = _bodies.Multipart(random, image: null);
        return Framed("form", "POST", random.Next(12) == 0 ? $"{OpenAi}/{video}/remix" : OpenAi, $"multipart/form-data; boundary={boundary}", body);
    }

    private FuzzedRequest Image(Random random)
    {
        byte[] image = BodyFuzzer.Image(random);
        if (random.Next(2) == 0)
        {
            string url = $"data:image/png;base64,{Convert.ToBase64String(image)}";
            return random.Next(2) == 0
                ? Framed("image", "POST", OpenAi, "application/json", Encoding.UTF8.GetBytes($$$"""{"prompt":"a","input_reference":{"image_url":"{{{url}}}"}}"""))
                : Framed("image", "POST", Ark, "application/json", Encoding.UTF8.GetBytes($$$"""{"model":"m","content":[{"type":"image_url","image_url":{"url":"{{{url}}}"}}]}"""));
        }

        (string boundary, byte[] body) = _bodies.Multipart(random, image);
        return Framed("image", "POST", OpenAi, $"multipart/form-data; boundary={boundary}", body);
    }

    private FuzzedRequest Query(Random random)
    {
        string path = Pick(random, OpenAi, Ark, $"{OpenAi}/{video}", $"{OpenAi}/{video}/content", $"{Ark}/{video}", $"{OpenAi}/{BodyFuzzer.Text(random)}", $"{Ark}/{BodyFuzzer.Text(random)}/x", $"{OpenAi}/{video}/images/{BodyFuzzer.Text(random)}", $"/results/{video}/video.mp4", $"/{BodyFuzzer.Text(random)}");
        string query = string.Join('&', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pick(random, Queries)));
        string escaped = string.Concat(Encoding.UTF8.GetBytes($"{path}?{query}").Select(value => value is > 0x20 and < 0x7f ? $"{(char)value}" : $"%{value:X2}"));
        string method = path.EndsWith(video, StringComparison.Ordinal) ? "GET" : Pick(random, "GET", "GET", "DELETE");
        return Framed("query", method, escaped[..Math.Min(escaped.Length, 4000)], null, []);
    }

    private FuzzedRequest Range(Random random)
    {
        string path = Pick(random, $"{OpenAi}/{video}/content", $"{OpenAi}/{video}/content", "/", "/page/app.js", $"{OpenAi}/{video}/content?variant=spritesheet");
        string range = random.Next(4) == 0 ? "bytes=" + string.Join(',', Enumerable.Range(0, random.Next(1, 1000)).Select(i => $"{random.Next(100)}-{i}")) : Pick(random, Ranges);
        string more = random.Next(3) == 0 ? $"If-Range: {Pick(random, "\"x\"", "Thu, 01 Jan 1970 00:00:00 GMT", "W/\"\"", "\u00ff")}\r\n" : "";
        return Framed("range", "GET", path, null, [], $"Range: {range}\r\n{more}");
    }

    private static FuzzedRequest Head(Random random)
    {
        StringBuilder head = new(random.Next(3) == 0 ? Pick(random, Heads) : Pick(random, "POST", "GET", "DELETE") + " " + Pick(random, OpenAi, Ark, "/", "/healthz", "/metrics", "/openapi/v1.json") + " HTTP/1.1");
        _ = head.Append("\r\n").Append(random.Next(5) == 0 ? "" : "Host: localhost\r\n");
        for (int fields = random.Next(0, 4); fields > 0; fields--)
        {
            _ = head.Append(Pick(random, Fields)).Append(random.Next(20) == 0 ? "\n" : "\r\n");
        }

        string many = random.Next(12) switch
        {
            0 => string.Concat(Enumerable.Range(0, 100).Select(i => $"X-{i}: {i}\r\n")),
            1 => $"X-Long: {new string('a', 40_000)}\r\n",
            _ => "",
        };
        return new FuzzedRequest("head", [.. Encoding.Latin1.GetBytes($"{head}{many}\r\n"), .. Encoding.Latin1.GetBytes(random.Next(2) == 0 ? "" : "{\"prompt\":")], IsFramed: false);
    }

    private FuzzedRequest Chunks(Random random)
    {
        byte[] body = _bodies.OpenAi(random);
        string size = Pick(random, $"{body.Length:x}", $"{body.Length:x}", "-1", "zz", "ffffffffffffffffffff", $"{body.Length:x};ext=\"", "0", $"{body.Length + 5:x}", "");
        string end = Pick(random, "\r\n0\r\n\r\n", "\r\n0\r\n\r\n", "\r\n", "", "\r\n0\r\nTrailer: \u0001\r\n\r\n", "0\r\n");
        string head = $"POST {Pick(random, OpenAi, Ark)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\n";
        return new FuzzedRequest("chunks", [.. Encoding.Latin1.GetBytes(head), .. body, .. Encoding.Latin1.GetBytes(end)], IsFramed: false);
    }

    /// <summary>A request that ends too early.</summary>
    private FuzzedRequest Cut(Random random)
    {
        byte[] whole = (random.Next(2) == 0 ? Json(random) : Form(random)).Bytes;
        return new FuzzedRequest("cut", whole[..random.Next(1, whole.Length)], IsFramed: false);
    }

    /// <summary>A request with bytes changed anywhere, its head too.</summary>
    private FuzzedRequest Noise(Random random)
    {
        byte[] bytes = BodyFuzzer.Damage(random, (random.Next(3) switch { 0 => Json(random), 1 => Form(random), _ => Range(random) }).Bytes);
        return new FuzzedRequest("noise", bytes, IsFramed: false);
    }
}
