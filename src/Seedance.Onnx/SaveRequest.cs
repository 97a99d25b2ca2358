using Seedance.Onnx.Media;

namespace Seedance.Onnx;

/// <summary>How a video is saved. Immutable.</summary>
public sealed record SaveRequest
{
    /// <summary>The file; replaced if it exists, and only once the new one is whole. A name that ends like a folder's is a folder of PNG pictures.</summary>
    public required string Path { get; init; }

    /// <summary>The format; the one that the path's ending names, in its usual codec, if not specified.</summary>
    public VideoFormat? Format { get; init; }

    /// <summary>Constant-quality level: see <see cref="VideoEncoding.Quality"/>. The format's own if not specified.</summary>
    public int? Quality { get; init; }

    /// <summary>Frames a second of the file: frames are repeated or left out to keep the time. The pack's if not specified.</summary>
    public FrameRate? FrameRate { get; init; }

    /// <summary>A PNG file for the last frame, to go on from; none if not specified.</summary>
    public string? LastFramePath { get; init; }
}
