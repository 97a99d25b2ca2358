namespace Seedance.Onnx.Media;

/// <summary>Where to look for FFmpeg.</summary>
public sealed class FFmpegOptions
{
    /// <summary>
    /// The <c>ffmpeg</c> program, or the folder that holds it; callers pass the value of SEEDANCE_FFMPEG here.
    /// If not specified, <see cref="SearchPath"/> is searched. <c>ffprobe</c> is looked for beside it first.
    /// </summary>
    public string? Path { get; set; }

    /// <summary>Folders to search, separated like PATH. If not specified, the PATH that this process was started with.</summary>
    public string? SearchPath { get; set; }
}
