using System.Globalization;
using System.Text.Json;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>Reads ffprobe's JSON.</summary>
internal static class VideoProbe
{
    /// <exception cref="MediaException">There is no video stream in it, or the stream lacks what every video has.</exception>
    public static VideoInfo Parse(string path, ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = Load(path, json);
        JsonElement[] streams = document.RootElement.TryGetProperty("streams", out JsonElement list) ? [.. list.EnumerateArray()] : [];
        JsonElement stream = streams.FirstOrDefault(IsVideo);
        if (stream.ValueKind == JsonValueKind.Undefined)
        {
            string found = streams.Length == 0 ? "nothing" : "only " + string.Join(", ", streams.Select(s => Text(s, "codec_type") ?? "data").Distinct());
            throw new MediaException($"Video '{path}' must have a video stream, but has {found}. Use another file.");
        }

        JsonElement format = document.RootElement.TryGetProperty("format", out JsonElement element) ? element : default;
        FrameRate? rate = FrameRate.TryParse(Text(stream, "avg_frame_rate")) ?? FrameRate.TryParse(Text(stream, "r_frame_rate"));
        int frames = Number(stream, "nb_read_packets");
        if (rate is null || frames == 0 || Number(stream, "width") == 0 || Number(stream, "height") == 0)
        {
            throw new MediaException($"Video '{path}' must have a size, a frame rate and frames, but lacks one of them. Convert it to MP4 first.");
        }

        double? seconds = Seconds(stream) ?? Seconds(format);
        return new VideoInfo
        {
            Size = ShownSize(stream),
            FrameRate = rate.Value,
            FrameCount = frames,
            Duration = seconds is { } known ? TimeSpan.FromSeconds(known) : rate.Value.TimeOf(frames),
            Codec = Text(stream, "codec_name") ?? "unknown",
            HasAudio = streams.Any(s => Text(s, "codec_type") == "audio"),
            Metadata = Tags(format),
        };
    }

    private static JsonDocument Load(string path, ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new MediaException($"ffprobe must describe '{path}' as JSON, but does not: {e.Message} Check the FFmpeg installation.", e);
        }
    }

    // A cover picture is a video stream to FFmpeg, and not to anybody else.
    private static bool IsVideo(JsonElement stream) => Text(stream, "codec_type") == "video"
        && !(stream.TryGetProperty("disposition", out JsonElement disposition) && Number(disposition, "attached_pic") == 1);

    private static VideoSize ShownSize(JsonElement stream)
    {
        int width = Number(stream, "width"), height = Number(stream, "height");
        string[] aspect = (Text(stream, "sample_aspect_ratio") ?? "").Split(':');
        if (aspect.Length == 2 && int.TryParse(aspect[0], out int across) && int.TryParse(aspect[1], out int down) && across > 0 && down > 0)
        {
            width = (int)Math.Clamp(Math.Round((double)width * across / down), 1, int.MaxValue);
        }

        return IsTurned(stream) ? new VideoSize(height, width) : new VideoSize(width, height);
    }

    private static bool IsTurned(JsonElement stream)
        => stream.TryGetProperty("side_data_list", out JsonElement list)
            && list.EnumerateArray().Any(data => Math.Abs(Number(data, "rotation")) % 180 == 90);

    private static double? Seconds(JsonElement element)
        => double.TryParse(Text(element, "duration"), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            && double.IsFinite(seconds) && seconds > 0
            ? seconds
            : null;

    private static Dictionary<string, string> Tags(JsonElement format)
    {
        var tags = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (format.ValueKind == JsonValueKind.Object && format.TryGetProperty("tags", out JsonElement list))
        {
            foreach (JsonProperty tag in list.EnumerateObject())
            {
                tags[tag.Name] = tag.Value.GetString() ?? "";
            }
        }

        return tags;
    }

    private static string? Text(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>A whole number, written bare or in quotes; 0 where there is none.</summary>
    private static int Number(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
            && int.TryParse(value.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : 0;
}
