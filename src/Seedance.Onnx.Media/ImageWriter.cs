namespace Seedance.Onnx.Media;

/// <summary>Writes pictures as PNG files, loss-free. Immutable and safe to share between threads.</summary>
/// <param name="tool">The FFmpeg to run.</param>
public sealed class ImageWriter(FFmpegTool tool)
{
    private readonly FFmpegTool _tool = tool ?? throw new ArgumentNullException(nameof(tool));

    /// <summary>Writes one picture; the file appears only when it is whole.</summary>
    /// <param name="path">The file to be; one that exists is replaced.</param>
    /// <param name="frame">The picture. Its index and timestamp do not matter.</param>
    /// <param name="cancellationToken">Stops FFmpeg and leaves no file.</param>
    /// <exception cref="MediaException">The file cannot be written there.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg does not start.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task WriteAsync(string path, VideoFrame frame, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var writer = VideoWriter.Open(_tool, path, frame.Size, new FrameRate(1), new VideoEncoding { Format = VideoFormat.Png });
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
            await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
