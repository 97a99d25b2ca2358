using System.Runtime.CompilerServices;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>Reads video files of any common container and codec. Immutable and safe to share between threads.</summary>
/// <remarks>FFmpeg may open only the file itself; playlists and scripts are refused.</remarks>
/// <param name="tool">The FFmpeg to run.</param>
/// <param name="limits">What a video may cost. The defaults of <see cref="MediaLimits"/> if not specified.</param>
public sealed class VideoReader(FFmpegTool tool, MediaLimits? limits = null)
{
    private readonly FFmpegTool _tool = tool ?? throw new ArgumentNullException(nameof(tool));
    private readonly MediaLimits _limits = limits ?? new MediaLimits();

    /// <summary>Reads what a file says about itself, and counts its frames.</summary>
    /// <param name="path">The video file.</param>
    /// <param name="cancellationToken">Stops ffprobe.</param>
    /// <exception cref="MediaException">The file cannot be read, is no video, has no video stream, or is over the limits.</exception>
    /// <exception cref="ExecutionTargetException">ffprobe does not start.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<VideoInfo> ProbeAsync(string path, CancellationToken cancellationToken = default)
    {
        MediaInput.Open("Video", path, _limits.MaxVideoBytes).Dispose();
        ProcessResult result = await _tool.RunFFprobeAsync(
            [.. MediaInput.VideoFile(path, _limits), "-show_streams", "-show_format", "-count_packets", "-of", "json"], cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0
            ? VideoProbe.Parse(path, result.Output)
            : throw MediaInput.Unreadable($"Video '{path}'", "a video", result.Errors, _limits);
    }

    /// <summary>Reads frames in order, as they are asked for. FFmpeg runs while the enumeration does, and ends with it.</summary>
    /// <param name="path">The video file.</param>
    /// <param name="request">Size, rate and number of the frames. All frames as they are, if not specified.</param>
    /// <param name="cancellationToken">Stops FFmpeg.</param>
    /// <returns>Frames that the caller owns, evenly spaced in time from 0.</returns>
    /// <exception cref="ArgumentException">The request asks for an empty size or rate, or for less than one frame.</exception>
    /// <exception cref="MediaException">While enumerating: the file cannot be read, is no video, or cannot be decoded to its end.</exception>
    /// <exception cref="ExecutionTargetException">While enumerating: FFmpeg does not start.</exception>
    /// <exception cref="OperationCanceledException">While enumerating: <paramref name="cancellationToken"/> was cancelled.</exception>
    public IAsyncEnumerable<VideoFrame> ReadAsync(string path, VideoReadRequest? request = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        request ??= new VideoReadRequest();
        request.FrameRate?.OrThrow(nameof(request));
        if (request.Size is { } size)
        {
            _ = VideoFrame.ByteCount(size);
        }

        if (request.MaxFrames is { } frames)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1, nameof(request));
        }

        return StreamAsync(path, request, cancellationToken);
    }

    private async IAsyncEnumerable<VideoFrame> StreamAsync(
        string path, VideoReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        VideoInfo info = await ProbeAsync(path, cancellationToken).ConfigureAwait(false);
        VideoSize size = request.Size ?? info.Size;
        FrameRate rate = request.FrameRate ?? info.FrameRate;
        int frameBytes = VideoFrame.ByteCount(size);

        FFmpegProcess process = _tool.StartFFmpeg(Arguments(path, request, info, size, rate));
        await using (process.ConfigureAwait(false))
        {
            using CancellationTokenRegistration kill = process.KillOn(cancellationToken);
            process.EndInput();
            int index = 0;
            while (true)
            {
                byte[] pixels = GC.AllocateUninitializedArray<byte>(frameBytes);
                int read = await process.ReadAsync(pixels).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (read < frameBytes)
                {
                    break;
                }

                yield return new VideoFrame(size, pixels, index, rate.TimeOf(index));
                index++;
            }

            int exitCode = await process.WaitForExitAsync().ConfigureAwait(false);
            await FFmpegProcess.AwaitCancellationAsync(exitCode, cancellationToken).ConfigureAwait(false);
            if (exitCode != 0 || index == 0)
            {
                throw MediaInput.Unreadable($"Video '{path}'", "a video", process.Errors, _limits);
            }
        }
    }

    private string[] Arguments(string path, VideoReadRequest request, VideoInfo info, VideoSize size, FrameRate rate)
    {
        // Square pixels first; then time from 0 at an even rate, so that the frame's index tells its time.
        string fit = request.Size is null ? FrameFilter.Stretch(size) : FrameFilter.Stretch(info.Size) + ",setsar=1," + FrameFilter.Cover(size);
        string[] count = request.MaxFrames is { } frames ? ["-frames:v", $"{frames}"] : [];
        return
        [
            .. MediaInput.VideoFile(path, _limits), "-map", "0:V:0", "-vf", $"setpts=PTS-STARTPTS,fps={rate},{fit},format=rgb24",
            .. count, "-f", "rawvideo", "pipe:1",
        ];
    }
}
