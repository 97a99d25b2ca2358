using System.Collections.Frozen;

namespace Seedance.Onnx.Media;

/// <summary>A file format that frames can be written as: nothing but what FFmpeg is told, so that a new format is new data.</summary>
public sealed record VideoFormat
{
    // Colours are stated in the file, so that players do not guess the matrix from the size.
    private static readonly string[] Yuv420Bt709 =
    [
        "-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=lanczos+accurate_rnd+full_chroma_int,format=yuv420p",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
    ];

    // The reference encoder takes the small sizes that SVT-AV1 refuses.
    private static readonly string[] Av1 = ["-c:v", "libaom-av1", "-b:v", "0", "-cpu-used", "6", "-row-mt", "1"];

    private static readonly FrozenSet<string> Mp4Keys = new[] { "title", "artist", "album", "comment", "copyright", "date", "description", "genre", "synopsis" }
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private VideoFormat(string name, string extension, string codec, params IEnumerable<string> arguments)
    {
        Name = name;
        Extension = extension;
        Codec = codec;
        Arguments = [.. arguments];
    }

    /// <summary>H.264 in MP4, 4:2:0, index first so that it plays while it loads. Even sizes; quality 14 if not specified (0 best … 51).</summary>
    public static VideoFormat Mp4 { get; } =
        new("MP4", ".mp4", "h264", [.. Yuv420Bt709, "-c:v", "libx264", "-preset", "medium", "-movflags", "+faststart", "-f", "mp4"])
        {
            SizeMultiple = 2,
            DefaultQuality = 14,
            WorstQuality = 51,
            MetadataKeys = Mp4Keys,
        };

    /// <summary>H.265 in MP4, 4:2:0, marked as Apple's players want it: about a third smaller than H.264 and slower to make. Even sizes; quality 16 if not specified (0 best … 51).</summary>
    public static VideoFormat Mp4H265 { get; } =
        new("MP4 (H.265)", ".mp4", "h265",
            [.. Yuv420Bt709, "-c:v", "libx265", "-preset", "medium", "-tag:v", "hvc1", "-x265-params", "log-level=error", "-movflags", "+faststart", "-f", "mp4"])
        {
            SizeMultiple = 2,
            DefaultQuality = 16,
            WorstQuality = 51,
            MetadataKeys = Mp4Keys,
        };

    /// <summary>AV1 in MP4, 4:2:0: smaller still, and slower still to make. Even sizes; quality 20 if not specified (0 best … 63).</summary>
    public static VideoFormat Mp4Av1 { get; } =
        new("MP4 (AV1)", ".mp4", "av1", [.. Yuv420Bt709, .. Av1, "-movflags", "+faststart", "-f", "mp4"])
        {
            SizeMultiple = 2,
            DefaultQuality = 20,
            WorstQuality = 63,
            MetadataKeys = Mp4Keys,
        };

    /// <summary>VP9 in WebM, 4:2:0. Even sizes; quality 20 if not specified (0 best … 63).</summary>
    public static VideoFormat WebM { get; } =
        new("WebM", ".webm", "vp9", [.. Yuv420Bt709, "-c:v", "libvpx-vp9", "-b:v", "0", "-row-mt", "1", "-f", "webm"])
        {
            SizeMultiple = 2,
            DefaultQuality = 20,
            WorstQuality = 63,
        };

    /// <summary>AV1 in WebM, 4:2:0. Even sizes; quality 20 if not specified (0 best … 63).</summary>
    public static VideoFormat WebMAv1 { get; } =
        new("WebM (AV1)", ".webm", "av1", [.. Yuv420Bt709, .. Av1, "-f", "webm"])
        {
            SizeMultiple = 2,
            DefaultQuality = 20,
            WorstQuality = 63,
        };

    /// <summary>Animated GIF with one palette made from the whole clip, which FFmpeg holds in memory meanwhile; loops for ever. Keeps no metadata.</summary>
    public static VideoFormat Gif { get; } =
        new("GIF", ".gif", "gif", "-filter_complex", "split[a][b];[a]palettegen[p];[b][p]paletteuse", "-loop", "0", "-f", "gif")
        {
            MetadataKeys = FrozenSet<string>.Empty,
        };

    /// <summary>One picture, loss-free. Keeps no metadata.</summary>
    public static VideoFormat Png { get; } =
        new("PNG", ".png", "png", "-c:v", "png", "-pix_fmt", "rgb24", "-frames:v", "1", "-f", "image2pipe")
        {
            MetadataKeys = FrozenSet<string>.Empty,
        };

    /// <summary>A folder of pictures, loss-free: frame-00000.png, frame-00001.png and so on. Keeps no metadata.</summary>
    public static VideoFormat PngSequence { get; } =
        new("PNG sequence", "/", "png", "-c:v", "png", "-pix_fmt", "rgb24", "-start_number", "0", "-f", "image2")
        {
            MetadataKeys = FrozenSet<string>.Empty,
        };

    /// <summary>The formats of several frames in one file, the usual codec of each ending first.</summary>
    public static IReadOnlyList<VideoFormat> Videos { get; } = [Mp4, WebM, Gif, Mp4H265, Mp4Av1, WebMAv1];

    /// <summary>Names of the codecs that can be chosen.</summary>
    public static IReadOnlyList<string> Codecs { get; } = ["h264", "h265", "vp9", "av1"];

    /// <summary>What people call it.</summary>
    public string Name { get; }

    /// <summary>How its file names end, with the dot, lower case; "/" for a folder of pictures.</summary>
    public string Extension { get; }

    /// <summary>What the pictures are coded as, such as "h264".</summary>
    public string Codec { get; }

    /// <summary>Whether it is a folder of pictures instead of a file.</summary>
    public bool IsFolder => Extension == "/";

    /// <summary>Width and height must be multiples of this many pixels.</summary>
    public int SizeMultiple { get; private init; } = 1;

    /// <summary>The constant-quality level (CRF) that is used if none is specified; null where the format has none.</summary>
    public int? DefaultQuality { get; private init; }

    /// <summary>The highest level, which looks worst; 0 is the best.</summary>
    public int WorstQuality { get; private init; }

    /// <summary>Names of the metadata that the container keeps, in any case; null where it keeps any. Others are left out of the file.</summary>
    public IReadOnlySet<string>? MetadataKeys { get; private init; }

    /// <summary>FFmpeg's output options: codec, pixel format and container.</summary>
    internal IReadOnlyList<string> Arguments { get; }

    /// <summary>The format that a file name asks for by its extension; a name that ends like a folder's is a folder of pictures.</summary>
    /// <param name="path">A file name; its case does not matter.</param>
    /// <param name="codec">One of <see cref="Codecs"/>; the usual one of the ending if not specified.</param>
    /// <exception cref="InvalidRequestException">No video format ends like this, or none that does has the codec.</exception>
    public static VideoFormat FromPath(string path, string? codec = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        string extension = Path.EndsInDirectorySeparator(path) ? PngSequence.Extension : Path.GetExtension(path);
        VideoFormat[] formats = [.. Videos.Append(PngSequence).Where(format => format.Extension.Equals(extension, StringComparison.OrdinalIgnoreCase))];
        if (formats.Length == 0)
        {
            throw new InvalidRequestException([
                $"Output '{path}' must end in {string.Join(", ", Videos.Select(format => format.Extension).Distinct())}, or in / for a folder of PNG pictures, "
                + (extension.Length == 0 ? "but has no extension." : $"but ends in {extension}."),
            ]);
        }

        return codec is null ? formats[0] : Array.Find(formats, format => format.Codec == codec) ?? throw new InvalidRequestException([
            $"The codec of '{path}' must be {string.Join(" or ", formats.Select(format => format.Codec))}, but is {codec}. Leave it out, or choose another ending."]);
    }

    /// <summary>FFmpeg's output options for a file of another rate than the frames come at: the filter comes first, so that the last frame counts in full.</summary>
    internal IReadOnlyList<string> ArgumentsAt(FrameRate? rate)
    {
        if (rate is null)
        {
            return Arguments;
        }

        string[] arguments = [.. Arguments];
        int filter = Array.FindIndex(arguments, argument => argument is "-vf" or "-filter_complex") + 1;
        if (filter == 0)
        {
            return ["-vf", $"fps={rate}", .. arguments];
        }

        arguments[filter] = $"fps={rate},{arguments[filter]}";
        return arguments;
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
