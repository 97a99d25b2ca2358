using Seedance.Onnx.Prompts;

namespace Seedance.Onnx.Requests;

/// <summary>One shot of a video that is told shot by shot. Immutable.</summary>
public sealed record ShotRequest
{
    /// <summary>What the shot shows, in words; not blank. Words such as "the same cat" reach back to the shots before.</summary>
    public required string Caption { get; init; }

    /// <summary>How long it plays: the nearest length that ends on a latent frame is taken. An equal share of what is left if not specified.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>What the camera does; nothing is said of it if not specified.</summary>
    public CameraMove? Camera { get; init; }

    /// <summary>The image that the shot begins with; none if not specified. For the first shot, <see cref="VideoRequest.FirstFrame"/> is the same.</summary>
    public ImageSource? FirstFrame { get; init; }
}
