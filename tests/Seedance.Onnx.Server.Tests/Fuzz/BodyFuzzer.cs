using System.Buffers.Binary;
using System.Text;

namespace Seedance.Onnx.Server.Fuzz;

/// <summary>Bodies that are wrong: JSON, forms and images. Addresses in them lead nowhere, and need no names to be resolved.</summary>
internal sealed class BodyFuzzer
{
    private const int MostPixels = 64;

    private static readonly string[] Junk =
    [
        "null", "true", "-1", "0", "1e400", "1e308", "-0.0", "0.1", "18446744073709551616", "9223372036854775807", "2147483648", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "[]", "{}", "[null]", "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]",
        "\"../../etc/passwd\"", "\"0x0\"", "\"2147483647x2147483647\"", "\"99999x16\"", "\"-5x-5\"", "\"NaN\"", "\"Infinity\"", "\"1,5\"", "\"\u0661\"", "\" 5\"", "\"data:image/png;base64,!!!!\"", "\"data:;base64,\"", "\"data:image/png;base64,iVBORw0KGgo=\"",
        "\"https://127.0.0.1/a.png\"", "\"https://[::1\"", "\"https://169.254.169.254/\"", "\"http://\"", "\"file:///etc/passwd\"", "\"javascript:1\"", "{\"url\":5}", "{\"url\":\"data:image/gif;base64,R0lGODlh\"}", "{\"image_url\":[]}", "{\"image_url\":\"\",\"file_id\":\"\"}",
        "{\"a\":{\"a\":{\"a\":{}}}}", "[{\"type\":\"text\"}]", "[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]", "[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:,\"},\"role\":\"first\"}]", "[{\"type\":\"video_url\"}]",
        "[{\"type\":\"image_url\",\"role\":\"last_frame\",\"image_url\":{\"url\":\"https://10.0.0.1/\"}}]", "[5,\"a\",null]", "01", "'a'", "NaN", "\"\\x\"", "\"\t\"", "tru", "{\"a\":1,\"a\":2}", "\ud83d\ude00",
    ];

    private static readonly string[] OpenAiNames =
    [
        "prompt", "prompt", "prompt", "model", "size", "seconds", "num_frames", "fps", "seed", "num_inference_steps", "guidance_scale", "flow_shift", "negative_prompt", "priority", "n", "user", "input_reference", "last_frame", "input_reference[image_url]", "unknown", "",
    ];

    private static readonly string[] ArkNames =
    [
        "model", "model", "content", "content", "resolution", "ratio", "duration", "frames", "seed", "camera_fixed", "watermark", "return_last_frame", "callback_url", "service_tier", "execution_expires_after", "priority", "generate_audio", "draft", "tools", "safety_identifier", "output_format", "rs",
    ];

    private static readonly string[] PromptParts =
    [
        "a red ball", "--rs", "--rs 99999999x1", "--dur 1e9", "--dur -1", "--frames 5", "--frames 99999999999", "--seed 99999999999999999999", "--ratio 0:0", "--ratio 1:999999", "--fps", "--cf maybe", "[Shot 1]", "[Shot 0]", "[Shot 99999]", "[Shot", "--", "\u0000", "\u202e",
        "\ud83d\ude00", "%s%n", "${jndi:ldap://x}", "'; DROP TABLE Jobs;--", "<script>", "\r\nX: y", "--watermark true --wm", "--resolution 720p", "\u4e2d\u6587",
    ];

    /// <summary>A creation of OpenAI's API, in JSON.</summary>
    public byte[] OpenAi(Random random) => Json(random, OpenAiNames, "\"a red ball\"");

    /// <summary>A creation of Ark's, in JSON.</summary>
    public byte[] Ark(Random random) => Json(random, ArkNames, "[{\"type\":\"text\",\"text\":\"a red ball\"}]");

    /// <summary>A form of a web page.</summary>
    public byte[] Encoded(Random random) =>
        Encoding.UTF8.GetBytes(string.Join('&', Enumerable.Range(0, random.Next(1, 80)).Select(_ => $"{Pick(random, OpenAiNames)}{Pick(random, "=", "==", "", "%3D")}{Pick(random, "%", "%zz", "%00", "a+b", "1", Text(random))}")));

    /// <summary>A form with files.</summary>
    /// <param name="random">What decides.</param>
    /// <param name="image">A file that is to be in it; then only the file is wrong.</param>
    public (string Boundary, byte[] Body) Multipart(Random random, byte[]? image)
    {
        string boundary = image is not null ? "part" : Pick(random, "part", "part", "part", "part", "part", "part", "\"quoted part\"", new string('b', 300), "", "a b", "=");
        string line = "--" + boundary.Trim('"');
        List<byte> body = [];
        if (image is not null)
        {
            Add($"{line}\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na red ball\r\n{line}\r\nContent-Disposition: form-data; name=\"input_reference\"; filename=\"{Pick(random, "a.png", "../../a", "a\0b", "")}\"\r\n\r\n");
            body.AddRange(image);
            Add($"\r\n{line}--\r\n");
            return (boundary, [.. body]);
        }

        for (int parts = random.Next(0, random.Next(8) == 0 ? 100 : 6); parts > 0; parts--)
        {
            string name = random.Next(6) == 0 ? Pick(random, "a[b]", "a[b][c]", "[b]", "a[", "]", "input_reference[image_url][x]", "prompt[prompt]", "\u0000") : Pick(random, OpenAiNames);
            string disposition = random.Next(8) switch
            {
                0 => "",
                1 => "Content-Disposition: form-data\r\n",
                2 => $"Content-Disposition: attachment; name={name}\r\n",
                3 => $"Content-Disposition: form-data; name=\"{name}\"; filename=\"{Pick(random, "../../x", "a\"b", new string('f', 5000))}\"\r\n",
                4 => $"Content-Disposition: form-data; name*=UTF-8''%ff; name=\"{name}\"\r\n",
                _ => $"Content-Disposition: form-data; name=\"{name}\"\r\n",
            };
            string more = random.Next(6) == 0 ? Pick(random, "Content-Type: x\r\n", "no colon\r\n", string.Concat(Enumerable.Repeat("A: b\r\n", 20)), $"A: {new string('a', 20_000)}\r\n", "Content-Transfer-Encoding: base64\r\n") : "";
            Add($"{line}\r\n{disposition}{more}\r\n{Pick(random, "a red ball", "5", "48x32", "true", Text(random), Prompt(random), "\u0089PNG\r\n")}\r\n");
        }

        Add(Pick(random, $"{line}--\r\n", $"{line}--\r\n", $"{line}--", line, "", "--"));
        return (boundary, random.Next(4) == 0 ? Damage(random, [.. body]) : [.. body]);

        void Add(string text) => body.AddRange(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>A file that begins like an image and goes on otherwise.</summary>
    public static byte[] Image(Random random)
    {
        byte[] rest = new byte[random.Next(0, 3000)];
        random.NextBytes(rest);
        byte[] png = TestImage.Png(random.Next(1, MostPixels), random.Next(1, MostPixels), 1, 2, 3);
        switch (random.Next(10))
        {
            case 0: return [0xFF, 0xD8, 0xFF, 0xE0, .. rest];
            case 1: return [.. "GIF89a"u8, .. rest];
            case 2: return [.. "BM"u8, .. rest];
            case 3: return [.. "II*\0"u8, .. rest];
            case 4: return [.. "RIFF\u0010\0\0\0WEBPVP8 "u8, .. rest];
            case 5: return png[..random.Next(1, png.Length)];
            case 6: return [.. png, .. rest];
            case 7:
                BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), Math.Max(1, random.Next())); // a bomb, if its sum were right
                return png;
            case 8: return TestImage.Png(random.Next(1, 3), random.Next(1, 3), 0, 0, 0);
            default: return Damage(random, png);
        }
    }

    /// <summary>Changes, removes, doubles or puts in a few bytes.</summary>
    public static byte[] Damage(Random random, byte[] bytes)
    {
        List<byte> damaged = [.. bytes];
        for (int changes = random.Next(1, 6); changes > 0 && damaged.Count > 1; changes--)
        {
            int at = random.Next(damaged.Count), count = Math.Min(random.Next(1, 16), damaged.Count - at);
            switch (random.Next(4))
            {
                case 0: damaged[at] = (byte)random.Next(256); break;
                case 1: damaged.RemoveRange(at, count); break;
                case 2: damaged.InsertRange(at, damaged.GetRange(at, count)); break;
                default: damaged.Insert(at, (byte)random.Next(256)); break;
            }
        }

        return [.. damaged];
    }

    /// <summary>Any text.</summary>
    public static string Text(Random random) => new([.. Enumerable.Range(0, random.Next(0, random.Next(20) == 0 ? 3000 : 12)).Select(_ => random.Next(4) == 0 ? (char)random.Next(1, 0xD800) : (char)random.Next(0x21, 0x7F))]);

    private static string Prompt(Random random) => string.Join(' ', Enumerable.Range(0, random.Next(1, 8)).Select(_ => Pick(random, PromptParts)));

    private static string Pick(Random random, params IReadOnlyList<string> values) => values[random.Next(values.Count)];

    private static byte[] Json(Random random, string[] names, string usual)
    {
        if (random.Next(12) == 0)
        {
            return Encoding.UTF8.GetBytes(Pick(random, Junk));
        }

        IEnumerable<string> members = Enumerable.Range(0, random.Next(1, random.Next(12) == 0 ? 90 : 7)).Select(i =>
        {
            string name = names[i == 0 ? 0 : random.Next(names.Length)];
            string value = random.Next(6) switch
            {
                0 => usual,
                1 => $"\"{System.Text.Json.JsonEncodedText.Encode(Prompt(random))}\"",
                2 => $"{random.Next(-3, 40)}",
                3 => $"\"{System.Text.Json.JsonEncodedText.Encode(Text(random))}\"",
                _ => Pick(random, Junk),
            };
            return $"\"{name}\":{value}";
        });
        string json = $"{{{string.Join(',', members)}}}";
        byte[] bytes = random.Next(20) == 0 ? Encoding.Unicode.GetBytes(json) : Encoding.UTF8.GetBytes(json);
        return random.Next(3) == 0 ? Damage(random, bytes) : bytes;
    }
}
