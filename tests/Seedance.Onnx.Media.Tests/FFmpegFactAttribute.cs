namespace Seedance.Onnx.Media;

/// <summary>A test that runs the real FFmpeg; a counted skip that says why where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FFmpegFactAttribute : FactAttribute
{
    public FFmpegFactAttribute() => Skip = TestFFmpeg.WhyMissing;
}
