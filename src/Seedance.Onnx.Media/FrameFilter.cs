using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>Pieces of FFmpeg filter chains.</summary>
internal static class FrameFilter
{
    private const string Flags = "flags=lanczos+accurate_rnd+full_chroma_int";

    /// <summary>Crops to the ratio of <paramref name="size"/> around the centre, then scales: what a frame costs is bounded by its source and its target.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1.</exception>
    public static string Cover(VideoSize size)
    {
        _ = VideoFrame.ByteCount(size);
        (int width, int height) = (size.Width, size.Height);
        return $"crop=w='max(1,round(min(iw,ih*{width}/{height})))':h='max(1,round(min(ih,iw*{height}/{width})))':exact=1,{Stretch(size)}";
    }

    /// <summary>Scales to <paramref name="size"/>, whatever the ratio was.</summary>
    public static string Stretch(VideoSize size) => $"scale={size.Width}:{size.Height}:{Flags}";
}
