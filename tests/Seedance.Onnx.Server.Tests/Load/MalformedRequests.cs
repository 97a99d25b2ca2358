using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Seedance.Onnx.Server.Load;

/// <summary>Requests as nobody should send them: sound ones, broken in a way that follows from a seed. Each is all the bytes of a connection.</summary>
/// <param name="host">Where they go, as "127.0.0.1:8040".</param>
/// <param name="video">The id of a finished video.</param>
/// <param name="task">The id of a finished task of Ark.</param>
internal sealed class MalformedRequests(string host, string video, string task)
{
    private const string Boundary = "------------------------0123456789abcdef";

    // What parsers stumble over.
    private static readonly string[] Oddities =
    [
        "null", "true", "[]", "{}", "\"\"", "0", "-1", "-0", "1e999", "-1e-999", "1e400", "9223372036854775808", "18446744073709551616", "0x10", "NaN", "Infinity", "\u0000", "\"\\ud800\"", "\"\\u0000\"", "\ufeff",
        "[[[[[[[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1", "\r\n", "\r\n\r\n", "--", "..", "%00", "%2e%2e%2f", "'", "\"", "\\",
        "{{", "$(id)", "\u202e", "名字", "\ud83d\ude00", "1280x720", "99999999x1", "0x0", "-5x5", "data:image/png;base64,", "data:,", "file:///etc/passwd", "http://127.0.0.1/", "https://169.254.169.254/", "--seed", "--rs 99999999p", "[Shot 9]",
    ];

    private static readonly string[] Roots = ["/v1/videos", "/api/v3/contents/generations/tasks", "/results", "/page", "/openapi", "/healthz", "/metrics", ""];
    private static readonly string[] Methods = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "G\u00c9T", ""];

    private static readonly string[] Bodies =
    [
        """{"prompt":"a red ball","model":"tiny","size":"48x32","seconds":"1","seed":7,"num_inference_steps":4,"guidance_scale":1.5,"negative_prompt":"rain","flow_shift":1,"priority":3,"fps":8,"n":1,"user":"me","input_reference":{"image_url":"data:image/png;base64,AAAA"}}""",
        """{"model":"tiny","content":[{"type":"text","text":"a red ball --rs 480p --rt 16:9 --dur 2 --seed 11 --cf false"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"},"role":"first_frame"}],"return_last_frame":true,"service_tier":"default","execution_expires_after":3600,"resolution":"480p","ratio":"16:9","duration":2,"seed":11,"camera_fixed":false,"watermark":false}""",
    ];

    /// <summary>The kinds of request and how many of a hundred each is. Those with pictures cost a process each where they look like one, so that they are few.</summary>
    private (string Name, int Weight, Func<Random, byte[]> Make)[] Kinds =>
    [
        ("json", 36, Json), ("form", 20, Form), ("header", 16, Header), ("range", 10, Range), ("address", 14, Address), ("picture", 4, Picture),
    ];

    /// <summary>One of them.</summary>
    public (string Kind, byte[] Bytes) Make(Random random)
    {
        int at = random.Next(Kinds.Sum(kind => kind.Weight));
        foreach ((string name, int weight, Func<Random, byte[]> make) in Kinds)
        {
            at -= weight;
            if (at < 0)
            {
                return (name, make(random));
            }
        }

        throw new InvalidOperationException("The weights must cover every draw, but do not.");
    }

    private byte[] Json(Random random)
    {
        int which = random.Next(3);
        string path = which == 0 ? "/v1/videos" : which == 1 ? "/api/v3/contents/generations/tasks" : $"/v1/videos/{video}/remix";
        return Request("POST", path, "application/json", Break(Encoding.UTF8.GetBytes(Bodies[which == 1 ? 1 : 0]), random));
    }

    private byte[] Form(Random random)
    {
        (string, string)[] fields = [("prompt", "a red ball"), ("seconds", Odd(random)), ("size", Odd(random)), ("input_reference[image_url]", Odd(random)), (Odd(random), "1"), ("seed", Odd(random))];
        StringBuilder body = new();
        foreach ((string name, string value) in fields.Take(random.Next(1, fields.Length + 1)))
        {
            _ = body.Append(CultureInfo.InvariantCulture, $"--{Boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }

        byte[] bytes = Encoding.UTF8.GetBytes($"{body}--{Boundary}--\r\n");
        string type = random.Next(8) == 0 ? $"multipart/form-data; boundary={Odd(random)}" : $"multipart/form-data; boundary={Boundary}";
        return Request("POST", "/v1/videos", type.ReplaceLineEndings(""), random.Next(3) == 0 ? bytes : Break(bytes, random));
    }

    private byte[] Header(Random random)
    {
        byte[] sound = Request("POST", "/v1/videos", "application/json", "{}"u8.ToArray(), random.Next(8) switch
        {
            0 => "Transfer-Encoding: chunked\r\n",
            1 => $"Content-Length: {Odd(random)}\r\n",
            2 => $"Origin: {Odd(random)}\r\n",
            3 => $"Authorization: Bearer {Odd(random)}\r\n",
            4 => $"Idempotency-Key: {new string('k', random.Next(1, 600))}\r\n",
            5 => $"X-Long: {new string('x', random.Next(1, 40_000))}\r\n",
            6 => string.Concat(Enumerable.Range(0, random.Next(1, 100)).Select(i => $"X-{i}: {i}\r\n")),
            _ => $"Host: {Odd(random)}\r\n",
        });
        return random.Next(2) == 0 ? sound : Break(sound, random);
    }

    private byte[] Range(Random random)
    {
        string[] ranges = ["bytes=0-0", "bytes=-1", "bytes=5-2", "bytes=0-18446744073709551616", "bytes=,,,", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,3-4,6-7", "bytes=99999999-", string.Join(',', Enumerable.Repeat("bytes=0-1", 50))];
        string range = random.Next(3) == 0 ? Odd(random).ReplaceLineEndings("") : ranges[random.Next(ranges.Length)];
        string condition = random.Next(3) == 0 ? $"If-Range: {Odd(random).ReplaceLineEndings("")}\r\n" : "";
        return Request("GET", $"/v1/videos/{video}/content", null, [], $"Range: {range}\r\n{condition}");
    }

    private byte[] Address(Random random)
    {
        string id = random.Next(4) switch { 0 => video, 1 => task, 2 => Odd(random), _ => new string('a', random.Next(1, 9000)) };
        string query = $"?{(random.Next(2) == 0 ? "after" : "variant")}={Odd(random)}&limit={Odd(random)}&order={Odd(random)}&page_num={Odd(random)}&page_size={Odd(random)}&filter.status={Odd(random)}&until={Odd(random)}&signature={Odd(random)}";
        string path = $"{Roots[random.Next(Roots.Length)]}/{id}{(random.Next(2) == 0 ? "/" + Odd(random) : "")}{(random.Next(2) == 0 ? query : "")}";
        // A video that somebody may delete would be gone for the others.
        string method = path.Contains(video, StringComparison.Ordinal) || path.Contains(task, StringComparison.Ordinal) ? "GET" : Methods[random.Next(Methods.Length)];
        return Request(method, random.Next(2) == 0 ? Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal).Replace("%3F", "?", StringComparison.Ordinal) : path.ReplaceLineEndings(""), null, []);
    }

    private byte[] Picture(Random random)
    {
        byte[] sound = TestImage.Png(random.Next(1, 64), random.Next(1, 64), 1, 2, 3);
        byte[] image = random.Next(4) switch
        {
            0 => Break(sound, random),
            1 => Bomb(sound, random),
            2 => sound[..random.Next(sound.Length)],
            _ => [.. new byte[][] { [0xFF, 0xD8, 0xFF], "GIF89a"u8.ToArray(), "BM"u8.ToArray(), "RIFF0000WEBP"u8.ToArray(), "II*\0"u8.ToArray() }[random.Next(5)], .. Noise(random, random.Next(2000))],
        };
        byte[] head = Encoding.ASCII.GetBytes($"--{Boundary}\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na ball\r\n--{Boundary}\r\nContent-Disposition: form-data; name=\"input_reference\"; filename=\"../../x.png\"\r\nContent-Type: image/png\r\n\r\n");
        return Request("POST", "/v1/videos", $"multipart/form-data; boundary={Boundary}", [.. head, .. image, .. Encoding.ASCII.GetBytes($"\r\n--{Boundary}--\r\n")]);
    }

    /// <summary>A picture that says that it is huge.</summary>
    private static byte[] Bomb(byte[] sound, Random random)
    {
        BinaryPrimitives.WriteInt32BigEndian(sound.AsSpan(16), random.Next(10_000, int.MaxValue));
        BinaryPrimitives.WriteInt32BigEndian(sound.AsSpan(20), random.Next(10_000, int.MaxValue));
        return sound;
    }

    private byte[] Request(string method, string path, string? type, byte[] body, string more = "")
    {
        string content = type is null ? "" : $"Content-Type: {type}\r\nContent-Length: {body.Length}\r\n";
        return [.. Encoding.UTF8.GetBytes($"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{content}{more}\r\n"), .. body];
    }

    private static string Odd(Random random) => Oddities[random.Next(Oddities.Length)];

    private static byte[] Noise(Random random, int length)
    {
        byte[] noise = new byte[length];
        random.NextBytes(noise);
        return noise;
    }

    /// <summary>One to four things that happen to bytes.</summary>
    private static byte[] Break(byte[] bytes, Random random)
    {
        for (int times = random.Next(1, 5); times > 0 && bytes.Length > 0; times--)
        {
            int at = random.Next(bytes.Length), end = at + random.Next(Math.Min(bytes.Length - at, 40) + 1);
            bytes = random.Next(6) switch
            {
                0 => [.. bytes[..at], (byte)random.Next(256), .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], .. bytes[end..]],
                2 => [.. bytes[..end], .. bytes[at..]],
                3 => bytes[..at],
                4 => [.. bytes[..at], .. Noise(random, random.Next(20)), .. bytes[at..]],
                _ => [.. bytes[..at], .. Encoding.UTF8.GetBytes(Odd(random)), .. bytes[end..]],
            };
        }

        return bytes;
    }
}
