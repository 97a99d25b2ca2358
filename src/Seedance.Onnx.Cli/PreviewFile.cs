using Seedance.Onnx.Media;

namespace Seedance.Onnx.Cli;

/// <summary>Keeps a picture of the video that is being made in a file: each look replaces the one before.</summary>
internal sealed class PreviewFile(FFmpegTool tool, string path) : IProgress<VideoFrame>
{
    private Task _written = Task.CompletedTask;

    /// <summary>When the last look is in the file.</summary>
    public Task Written => _written;

    /// <inheritdoc/>
    public void Report(VideoFrame value) => _written = WriteAsync(_written, value);

    private async Task WriteAsync(Task before, VideoFrame frame)
    {
        await before.ConfigureAwait(false);
        await new ImageWriter(tool).WriteAsync(path, frame).ConfigureAwait(false);
    }
}
