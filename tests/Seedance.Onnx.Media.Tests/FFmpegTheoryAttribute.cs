namespace Seedance.Onnx.Media;

/// <summary>A theory that runs the real FFmpeg; a counted skip that says why where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FFmpegTheoryAttribute : TheoryAttribute
{
    public FFmpegTheoryAttribute() => Skip = TestFFmpeg.WhyMissing;
}
