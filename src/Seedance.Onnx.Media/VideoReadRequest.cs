using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>Which frames of a video to read, and how large. Immutable.</summary>
public sealed record VideoReadRequest
{
    /// <summary>
    /// The size in pixels to bring each frame to: cropped to this ratio around its centre, then scaled (Lanczos).
    /// If not specified, <see cref="VideoInfo.Size"/>.
    /// </summary>
    public VideoSize? Size { get; init; }

    /// <summary>Frames per second to read; frames are repeated or left out to keep the time. If not specified, <see cref="VideoInfo.FrameRate"/>.</summary>
    public FrameRate? FrameRate { get; init; }

    /// <summary>Most frames to read, at least 1. If not specified, all.</summary>
    public int? MaxFrames { get; init; }
}
