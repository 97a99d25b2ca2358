using System.Text;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>
/// Reads images of any format that FFmpeg decodes (PNG, JPEG, WebP, GIF's first picture, TIFF, BMP, AVIF …): turned upright as the file
/// says, laid on white where it is transparent. Immutable and safe to share between threads.
/// </summary>
/// <remarks>FFmpeg gets the bytes on its input and may open nothing, so that an image cannot reach for other files.</remarks>
/// <param name="tool">The FFmpeg to run.</param>
/// <param name="limits">What an image may cost. The defaults of <see cref="MediaLimits"/> if not specified.</param>
public sealed class ImageReader(FFmpegTool tool, MediaLimits? limits = null)
{
    private readonly FFmpegTool _tool = tool ?? throw new ArgumentNullException(nameof(tool));
    private readonly MediaLimits _limits = limits ?? new MediaLimits();

    /// <summary>Reads an image file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="size">
    /// The size in pixels to bring it to: cropped to this ratio around its centre, then scaled (Lanczos).
    /// If not specified, the image's own size.
    /// </param>
    /// <param name="cancellationToken">Stops FFmpeg.</param>
    /// <returns>The picture, with index and timestamp 0.</returns>
    /// <exception cref="MediaException">The file cannot be read, is no image, is damaged, or is over the limits.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A side of <paramref name="size"/> is below 1.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg does not start.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<VideoFrame> ReadAsync(string path, VideoSize? size = null, CancellationToken cancellationToken = default)
    {
        byte[] bytes;
        FileStream file = MediaInput.Open("Image", path, Math.Min(_limits.MaxImageBytes, Array.MaxLength));
        await using (file.ConfigureAwait(false))
        {
            bytes = GC.AllocateUninitializedArray<byte>((int)file.Length);
            await file.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        }

        return await ReadAsync(bytes, path, size, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Brings a frame to another size, as images are: cropped to its ratio around the centre, then scaled (Lanczos).</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="size">The size in pixels.</param>
    /// <param name="cancellationToken">Stops FFmpeg.</param>
    /// <returns>The picture, with index and timestamp 0.</returns>
    /// <exception cref="MediaException">FFmpeg failed, or the frame is over the limits.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A side of <paramref name="size"/> is below 1.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg does not start.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<VideoFrame> ResizeAsync(VideoFrame frame, VideoSize size, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frame);
        byte[] ppm = [.. Encoding.ASCII.GetBytes($"P6\n{frame.Size.Width} {frame.Size.Height}\n255\n"), .. frame.Pixels.Span];
        return ReadAsync(ppm, $"frame {frame.Index}", size, cancellationToken);
    }

    /// <summary>Reads an image from memory.</summary>
    /// <param name="encoded">The bytes of an image file. Not kept after the call.</param>
    /// <param name="name">What errors call the image, such as the name it was uploaded under.</param>
    /// <param name="size">
    /// The size in pixels to bring it to: cropped to this ratio around its centre, then scaled (Lanczos).
    /// If not specified, the image's own size.
    /// </param>
    /// <param name="cancellationToken">Stops FFmpeg.</param>
    /// <returns>The picture, with index and timestamp 0.</returns>
    /// <exception cref="MediaException">The bytes are no image, are damaged, or are over the limits.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A side of <paramref name="size"/> is below 1.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg does not start.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<VideoFrame> ReadAsync(
        ReadOnlyMemory<byte> encoded, string name, VideoSize? size = null, CancellationToken cancellationToken = default)
    {
        if (encoded.Length == 0 || encoded.Length > _limits.MaxImageBytes)
        {
            throw new MediaException($"Image '{name}' must have from 1 to {_limits.MaxImageBytes} bytes, but has {encoded.Length}. Use another image.");
        }

        // Premultiplied, so that what transparent pixels hide does not bleed into the others when scaled.
        string filter = "format=gbrap,premultiply=inplace=1," + (size is { } target ? FrameFilter.Cover(target) + "," : "") + "format=rgba";
        ProcessResult result = await _tool.RunFFmpegAsync(
            [.. MediaInput.ImagePipe(encoded.Span, _limits), "-map", "0:v:0", "-frames:v", "1", "-vf", filter, "-f", "image2pipe", "-c:v", "pam", "pipe:1"],
            encoded, PamImage.MaxBytes(_limits.MaxPixels), cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 && PamImage.TryReadOnWhite(result.Output, out VideoFrame? frame)
            ? frame!
            : throw MediaInput.Unreadable($"Image '{name}'", "an image", result.Errors, _limits);
    }
}
