using Seedance.Onnx.Media;

namespace Seedance.Onnx;

/// <summary>What a caller wants to hear of while a video is made; nothing if not specified. All are called from the thread that works, which waits meanwhile. Immutable.</summary>
public sealed record GenerationEvents
{
    /// <summary>Told after every step and frame.</summary>
    public IProgress<GenerationProgress>? Progress { get; init; }

    /// <summary>
    /// Given the video's first frame as it would come out, about eight times on the way, first after an eighth of the steps. Made by the pack's thin decoder where it has one.
    /// </summary>
    public IProgress<VideoFrame>? Preview { get; init; }

    /// <summary>Given the latents when they are done, before they are decoded: whoever saves them can decode later, with whatever went wrong mended.</summary>
    public Action<LatentClip>? Latents { get; init; }
}
