using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>What a video file says about its first video stream. Immutable.</summary>
public sealed record VideoInfo
{
    /// <summary>Width and height in pixels as shown: upright, with square pixels.</summary>
    public required VideoSize Size { get; init; }

    /// <summary>Frames per second, on average.</summary>
    public required FrameRate FrameRate { get; init; }

    /// <summary>Frames in the stream, counted.</summary>
    public required int FrameCount { get; init; }

    /// <summary>How long it plays.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>FFmpeg's name of the codec, such as "h264".</summary>
    public required string Codec { get; init; }

    /// <summary>Whether the file has sound as well.</summary>
    public required bool HasAudio { get; init; }

    /// <summary>The container's metadata; names are compared without case.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }
}
