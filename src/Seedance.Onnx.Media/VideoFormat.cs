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

    private VideoFormat(string name, string extension, params IEnumerable<string> arguments)
    {
        Name = name;
        Extension = extension;
        Arguments = [.. arguments];
    }

    /// <summary>H.264 in MP4, 4:2:0, index first so that it plays while it loads. Even sizes; quality 14 if not specified (0 best … 51).</summary>
    public static VideoFormat Mp4 { get; } =
        new("MP4", ".mp4", [.. Yuv420Bt709, "-c:v", "libx264", "-preset", "medium", "-movflags", "+faststart", "-f", "mp4"])
        {
            SizeMultiple = 2,
            DefaultQuality = 14,
            WorstQuality = 51,
            MetadataKeys = new[] { "title", "artist", "album", "comment", "copyright", "date", "description", "genre", "synopsis" }
                .ToFrozenSet(StringComparer.OrdinalIgnoreCase),
        };

    /// <summary>VP9 in WebM, 4:2:0. Even sizes; quality 20 if not specified (0 best … 63).</summary>
    public static VideoFormat WebM { get; } =
        new("WebM", ".webm", [.. Yuv420Bt709, "-c:v", "libvpx-vp9", "-b:v", "0", "-row-mt", "1", "-f", "webm"])
        {
            SizeMultiple = 2,
            DefaultQuality = 20,
            WorstQuality = 63,
        };

    /// <summary>Animated GIF with one palette made from the whole clip, which FFmpeg holds in memory meanwhile; loops for ever. Keeps no metadata.</summary>
    public static VideoFormat Gif { get; } =
        new("GIF", ".gif", "-filter_complex", "split[a][b];[a]palettegen[p];[b][p]paletteuse", "-loop", "0", "-f", "gif")
        {
            MetadataKeys = FrozenSet<string>.Empty,
        };

    /// <summary>One picture, loss-free. Keeps no metadata.</summary>
    public static VideoFormat Png { get; } =
        new("PNG", ".png", "-c:v", "png", "-pix_fmt", "rgb24", "-frames:v", "1", "-f", "image2pipe")
        {
            MetadataKeys = FrozenSet<string>.Empty,
        };

    /// <summary>The formats of several frames, by which <see cref="FromPath"/> decides.</summary>
    public static IReadOnlyList<VideoFormat> Videos { get; } = [Mp4, WebM, Gif];

    /// <summary>What people call it.</summary>
    public string Name { get; }

    /// <summary>How its file names end, with the dot, lower case.</summary>
    public string Extension { get; }

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

    /// <summary>The format that a file name asks for by its extension.</summary>
    /// <param name="path">A file name; its case does not matter.</param>
    /// <exception cref="InvalidRequestException">No video format ends like this.</exception>
    public static VideoFormat FromPath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string extension = Path.GetExtension(path);
        return Videos.FirstOrDefault(format => format.Extension.Equals(extension, StringComparison.OrdinalIgnoreCase))
            ?? throw new InvalidRequestException([
                $"Output '{path}' must end in {string.Join(", ", Videos.Select(format => format.Extension))}, "
                + (extension.Length == 0 ? "but has no extension." : $"but ends in {extension}."),
            ]);
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
