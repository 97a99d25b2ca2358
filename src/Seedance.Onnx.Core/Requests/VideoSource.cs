using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Requests;

/// <summary>A video file that a request gives. It is looked at when the video is planned and read when it is made, a frame at a time. Immutable.</summary>
public sealed record VideoSource
{
    private VideoSource(string path)
    {
        Path = path;
    }

    /// <summary>The file, which is also what errors call it.</summary>
    public string Path { get; }

    /// <summary>Its size in pixels, upright, where somebody has looked; null if not. A request that leaves the frame's shape open takes it from here.</summary>
    public VideoSize? Size { get; init; }

    /// <summary>How long it plays, where somebody has looked; null if not.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>A video file of any format that FFmpeg reads.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The video; the file is not touched yet.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public static VideoSource FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new VideoSource(path);
    }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
