using System.Collections.Immutable;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Media;

/// <summary>
/// Writes frames to a video file, one after another, through an FFmpeg process that takes them raw on its input.
/// </summary>
/// <remarks>
/// FFmpeg starts with the first frame: its start keeps a processor for a tenth of a second, which whatever makes that frame has better use for.
/// The file appears under its name only when <see cref="CompleteAsync"/> has returned. An error, a cancellation or a dispose before that
/// ends FFmpeg and removes everything that was written. One call at a time: not safe for concurrent use.
/// </remarks>
public sealed class VideoWriter : IAsyncDisposable
{
    private const int MaxMetadataChars = 30_000;

    private readonly PendingFile _file;
    private readonly FFmpegTool _tool;
    private readonly ImmutableArray<string> _arguments;
    private readonly int _frameBytes;
    private FFmpegProcess? _process;
    private State _state = State.Writing;

    private VideoWriter(PendingFile file, FFmpegTool tool, ImmutableArray<string> arguments, VideoSize size, FrameRate frameRate, VideoFormat format)
    {
        _file = file;
        _tool = tool;
        _arguments = arguments;
        _frameBytes = VideoFrame.ByteCount(size);
        Size = size;
        FrameRate = frameRate;
        Format = format;
    }

    private enum State
    {
        Writing,
        Completed,
        Failed,
        Disposed,
    }

    /// <summary>Full path that the file has after <see cref="CompleteAsync"/>.</summary>
    public string FilePath => _file.FinalPath;

    /// <summary>Width and height of each frame in pixels.</summary>
    public VideoSize Size { get; }

    /// <summary>Frames per second as they are handed over.</summary>
    public FrameRate FrameRate { get; }

    /// <summary>The file format.</summary>
    public VideoFormat Format { get; }

    /// <summary>Frames that FFmpeg has taken so far.</summary>
    public int FrameCount { get; private set; }

    /// <summary>Whether the process still lives is what tests ask, after the first frame.</summary>
    internal int ProcessId => _process!.Id;

    /// <summary>Checks that a file could be written at <paramref name="path"/>: call it before heavy work. A trial file is made and removed.</summary>
    /// <param name="path">The file to be; one that exists will be replaced. One that ends like a folder's name is a folder, which must not exist or be empty.</param>
    /// <exception cref="MediaException">The folder does not exist or cannot be written, or the path is a folder or a read-only file.</exception>
    public static void CheckWritable(string path) => PendingFile.Create(path, isFolder: Path.EndsInDirectorySeparator(path));

    /// <summary>Checks what can be checked before there is a frame.</summary>
    /// <param name="tool">The FFmpeg to run, from the first frame on.</param>
    /// <param name="path">The file to be; one that exists is replaced at the end. A folder of pictures must not exist, or be empty.</param>
    /// <param name="size">Width and height of each frame in pixels, multiples of <see cref="VideoFormat.SizeMultiple"/>.</param>
    /// <param name="frameRate">Frames per second as they are handed over.</param>
    /// <param name="encoding">Format, quality and metadata. If not specified, the format of the extension at its default quality, without metadata.</param>
    /// <returns>A writer that the caller completes, and disposes.</returns>
    /// <exception cref="InvalidRequestException">The size does not fit the format, the quality is out of range, or no format has this extension.</exception>
    /// <exception cref="ArgumentException">The frame rate is empty, or a metadata entry cannot be passed to a program.</exception>
    /// <exception cref="MediaException">The file cannot be written there.</exception>
    public static VideoWriter Open(FFmpegTool tool, string path, VideoSize size, FrameRate frameRate, VideoEncoding? encoding = null)
    {
        ArgumentNullException.ThrowIfNull(tool);
        frameRate.OrThrow(nameof(frameRate));
        _ = VideoFrame.ByteCount(size);
        encoding ??= new VideoEncoding();
        VideoFormat format = encoding.Format ?? VideoFormat.FromPath(path);
        Require(path, size, encoding, format);
        List<string> metadata = MetadataArguments(encoding, format);

        PendingFile file = PendingFile.Create(path, format.IsFolder);
        string[] quality = (encoding.Quality ?? format.DefaultQuality) is { } level ? ["-crf", $"{level}"] : [];
        ImmutableArray<string> arguments = [
            "-protocol_whitelist", "pipe", "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", size.ToString(),
            "-framerate", frameRate.ToString(), "-i", "pipe:0", .. quality, .. format.ArgumentsAt(encoding.FrameRate?.OrThrow(nameof(encoding))), .. metadata, "-y", "file:" + file.FFmpegPath,
        ];
        return new VideoWriter(file, tool, arguments, size, frameRate, format);
    }

    /// <summary>Hands frames to FFmpeg; returns when it has taken them, which is not yet on disk.</summary>
    /// <param name="frames">One or more whole frames, [F, H, W, 3] uint8, RGB. Not kept after the call.</param>
    /// <param name="cancellationToken">Ends the whole file: FFmpeg is killed and what it wrote is removed.</param>
    /// <exception cref="ArgumentException">The length is no multiple of a frame's bytes, or is 0. The writer can go on.</exception>
    /// <exception cref="InvalidOperationException">The writer has completed or failed.</exception>
    /// <exception cref="ExecutionTargetException">FFmpeg does not start.</exception>
    /// <exception cref="MediaException">FFmpeg stopped: the disk is full, say. Nothing is left of the file.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. Nothing is left of the file.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> frames, CancellationToken cancellationToken = default)
    {
        RequireWriting();
        if (frames.Length == 0 || frames.Length % _frameBytes != 0)
        {
            throw new ArgumentException(
                $"Frames must be one or more times {_frameBytes} bytes ({Size}, RGB24), but are {frames.Length} bytes. Pass whole frames.", nameof(frames));
        }

        FFmpegProcess process = _process ??= Start();
        try
        {
            using CancellationTokenRegistration kill = process.KillOn(cancellationToken);
            await process.WriteAsync(frames).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            throw await FailAsync(process, e, cancellationToken).ConfigureAwait(false);
        }

        FrameCount += frames.Length / _frameBytes;
    }

    /// <summary>Hands one frame to FFmpeg. Its index and timestamp do not matter: frames follow each other at <see cref="FrameRate"/>.</summary>
    /// <inheritdoc cref="WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    /// <param name="frame">A frame of this writer's size.</param>
    /// <param name="cancellationToken">Ends the whole file: FFmpeg is killed and what it wrote is removed.</param>
    public Task WriteAsync(VideoFrame frame, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return frame.Size == Size
            ? WriteAsync(frame.Pixels, cancellationToken)
            : throw new ArgumentException($"The frame must be {Size}, but is {frame.Size}. Scale it, or open a writer of its size.", nameof(frame));
    }

    /// <summary>Waits until FFmpeg has written everything, then gives the file its name.</summary>
    /// <param name="cancellationToken">Ends the whole file: FFmpeg is killed and what it wrote is removed.</param>
    /// <exception cref="InvalidOperationException">No frame was written, or the writer has completed or failed.</exception>
    /// <exception cref="MediaException">FFmpeg failed, or the file cannot get its name. Nothing is left of the file.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. Nothing is left of the file.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken = default)
    {
        RequireWriting();
        if (_process is not { } process)
        {
            throw new InvalidOperationException("A video must have at least one frame, but none was written. Write frames first.");
        }

        int exitCode;
        try
        {
            using CancellationTokenRegistration kill = process.KillOn(cancellationToken);
            process.EndInput();
            exitCode = await process.WaitForExitAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            throw await FailAsync(process, e, cancellationToken).ConfigureAwait(false);
        }

        if (exitCode != 0)
        {
            throw await FailAsync(process, cause: null, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            _file.Commit();
            _state = State.Completed;
        }
        catch (MediaException)
        {
            _state = State.Failed;
            _file.Discard();
            throw;
        }
    }

    /// <summary>Ends FFmpeg, and removes what it wrote unless <see cref="CompleteAsync"/> has returned.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_state == State.Disposed)
        {
            return;
        }

        bool completed = _state == State.Completed;
        _state = State.Disposed;
        if (_process is { } process)
        {
            await process.DisposeAsync().ConfigureAwait(false);
        }

        if (!completed)
        {
            _file.Discard();
        }
    }

    private static void Require(string path, VideoSize size, VideoEncoding encoding, VideoFormat format)
    {
        List<string> problems = [];
        if (size.Width % format.SizeMultiple != 0 || size.Height % format.SizeMultiple != 0)
        {
            problems.Add($"Size of '{path}' must be a multiple of {format.SizeMultiple} both ways for {format}, but is {size}.");
        }

        if (encoding.Quality is { } quality && (quality < 0 || quality > format.WorstQuality || format.DefaultQuality is null))
        {
            problems.Add(format.DefaultQuality is null
                ? $"Quality must not be given for {format}, which has none, but is {quality}."
                : $"Quality for {format} must be from 0 (best) to {format.WorstQuality}, but is {quality}.");
        }

        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }

    private static List<string> MetadataArguments(VideoEncoding encoding, VideoFormat format)
    {
        List<string> arguments = [];
        foreach ((string key, string value) in encoding.Metadata)
        {
            if (key.Length == 0 || key.AsSpan().ContainsAny('=', '\0') || value.Contains('\0') || key.Length + value.Length > MaxMetadataChars)
            {
                throw new ArgumentException(
                    $"Metadata '{key}' must have a name without '=' and text without NUL, together at most {MaxMetadataChars} characters, "
                    + $"but has {key.Length + value.Length}. Shorten or clean it.", nameof(encoding));
            }

            if (format.MetadataKeys?.Contains(key) != false)
            {
                arguments.AddRange(["-metadata", $"{key}={value}"]);
            }
        }

        return arguments;
    }

    private FFmpegProcess Start()
    {
        _file.Begin();
        FFmpegProcess process = _tool.StartFFmpeg(_arguments);
        process.DropOutput();
        return process;
    }

    private void RequireWriting()
    {
        ObjectDisposedException.ThrowIf(_state == State.Disposed, this);
        if (_state != State.Writing)
        {
            throw new InvalidOperationException($"The writer of '{FilePath}' must be open, but has {(_state == State.Completed ? "completed" : "failed")}. Open a new one.");
        }
    }

    /// <summary>Cleans up after a failure or a cancellation, and says which of the two it was.</summary>
    private async Task<Exception> FailAsync(FFmpegProcess process, Exception? cause, CancellationToken cancellationToken)
    {
        _state = State.Failed;
        int exitCode = await process.WaitOrKillAsync().ConfigureAwait(false);
        _file.Discard();
        try
        {
            await FFmpegProcess.AwaitCancellationAsync(exitCode, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException canceled)
        {
            return new OperationCanceledException($"Writing '{FilePath}' was cancelled.", canceled, cancellationToken);
        }

        string said = process.Errors;
        if (said.Contains("No space left on device", StringComparison.OrdinalIgnoreCase))
        {
            return new MediaException(
                $"Output '{FilePath}' must fit on its disk, but the disk is full. Free space or choose another folder. FFmpeg said: {said}", cause);
        }

        return new MediaException(
            $"FFmpeg must write '{FilePath}' to its end, but stopped after taking {FrameCount} frames (exit code {exitCode}): "
            + $"{(said.Length == 0 ? "it gave no reason" : said)}. Check the FFmpeg installation.", cause);
    }
}
