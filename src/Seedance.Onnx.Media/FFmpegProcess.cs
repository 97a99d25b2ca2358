using System.ComponentModel;
using System.Diagnostics;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Media;

/// <summary>
/// One run of ffmpeg or ffprobe with its three streams on pipes and no terminal. Disposing kills what still runs, with its
/// children, and waits until it is gone.
/// </summary>
internal sealed class FFmpegProcess : IAsyncDisposable
{
    private const int DefaultMaxOutput = 64 << 20;

    // ffmpeg ends with 255 after a signal that it handles; the runtime reports 128 + n for one that nobody handled.
    private const int SignalHandled = 255;
    private const int Interrupted = 128 + 2;
    private const int Killed = 128 + 9;
    private const int Terminated = 128 + 15;

    // What a grandchild that inherited the pipe may delay us by, once the program itself is gone.
    private static readonly TimeSpan ErrorsGrace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ExitGrace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SignalGrace = TimeSpan.FromMilliseconds(500);

    private readonly Process _process;
    private readonly OutputTail _errors = new();
    private readonly Task _errorsRead;

    private FFmpegProcess(Process process)
    {
        _process = process;
        Id = process.Id;
        _errorsRead = OwnThread.RunAsync(() => _errors.ReadToEnd(process.StandardError.BaseStream));
    }

    public int Id { get; }

    /// <summary>Complete once <see cref="WaitForExitAsync"/> has returned.</summary>
    public string Errors => _errors.ToString();

    /// <exception cref="ExecutionTargetException">The program cannot be started.</exception>
    public static FFmpegProcess Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return new FFmpegProcess(Process.Start(start)!);
        }
        catch (Win32Exception e)
        {
            throw new ExecutionTargetException($"'{program}' must be a program that runs here, but does not start: {e.Message}. Install FFmpeg again.", e);
        }
    }

    /// <summary>Runs a program to its end: <paramref name="input"/> on its standard input, then everything from its output.</summary>
    /// <exception cref="ExecutionTargetException">The program cannot be started.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the program is gone.</exception>
    /// <exception cref="MediaException">It prints more than <paramref name="maxOutput"/> bytes.</exception>
    public static async Task<ProcessResult> RunAsync(
        string program, IEnumerable<string> arguments, ReadOnlyMemory<byte> input = default, long maxOutput = DefaultMaxOutput,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        FFmpegProcess process = Start(program, arguments);
        await using (process.ConfigureAwait(false))
        {
            using CancellationTokenRegistration kill = process.KillOn(cancellationToken);
            Task feed = process.FeedAsync(input);
            byte[] output = await OwnThread.RunAsync(() => process.ReadOutput(maxOutput), CancellationToken.None).ConfigureAwait(false);
            int exitCode = await process.WaitForExitAsync().ConfigureAwait(false);
            await feed.ConfigureAwait(false);
            await AwaitCancellationAsync(exitCode, cancellationToken).ConfigureAwait(false);
            return new ProcessResult(exitCode, output, process.Errors);
        }
    }

    /// <summary>
    /// Throws when the token is cancelled. A terminal sends Ctrl-C to ffmpeg too: where a signal ended the program, the token
    /// gets a moment to follow, so that the caller sees a cancellation and not a broken tool.
    /// </summary>
    public static async Task AwaitCancellationAsync(int exitCode, CancellationToken cancellationToken)
    {
        if (exitCode is SignalHandled or Interrupted or Killed or Terminated && cancellationToken.CanBeCanceled)
        {
            await Task.Delay(SignalGrace, cancellationToken).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Kills the process tree when the token is cancelled, which also frees every read and write on the pipes.</summary>
    public CancellationTokenRegistration KillOn(CancellationToken cancellationToken)
        => cancellationToken.Register(static process => ((FFmpegProcess)process!).Kill(), this);

    /// <summary>Writes to the program's input; returns when it has taken everything, however long it takes.</summary>
    /// <exception cref="IOException">The program is gone, or has closed its input.</exception>
    public Task WriteAsync(ReadOnlyMemory<byte> bytes) => OwnThread.RunAsync(() => _process.StandardInput.BaseStream.Write(bytes.Span));

    /// <summary>Fills <paramref name="bytes"/> from the program's output.</summary>
    /// <returns>How many bytes came; fewer than asked for where the output has ended.</returns>
    public Task<int> ReadAsync(Memory<byte> bytes) => OwnThread.RunAsync(() => _process.StandardOutput.BaseStream.ReadAtLeast(bytes.Span, bytes.Length, throwOnEndOfStream: false));

    /// <summary>Drops whatever the program prints, so that nothing blocks there.</summary>
    public void DropOutput() => _ = OwnThread.RunAsync(() => _process.StandardOutput.BaseStream.CopyTo(Stream.Null));

    /// <summary>Writes everything, then ends the input. A program that has read enough may close its end: its exit code judges.</summary>
    public async Task FeedAsync(ReadOnlyMemory<byte> input)
    {
        try
        {
            await WriteAsync(input).ConfigureAwait(false);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The reader is gone; WaitForExitAsync tells why.
        }
    }

    /// <summary>Tells the program that no input follows.</summary>
    public void EndInput() => _process.StandardInput.Close();

    /// <summary>Waits for the end and for the last error line.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        await Task.WhenAny(_errorsRead, Task.Delay(ErrorsGrace)).ConfigureAwait(false);
        return _process.ExitCode;
    }

    /// <summary>Waits a moment for a program that is ending by itself, so that its own words survive, then kills it.</summary>
    public async Task<int> WaitOrKillAsync()
    {
        Task<int> exit = WaitForExitAsync();
        await Task.WhenAny(exit, Task.Delay(ExitGrace)).ConfigureAwait(false);
        Kill();
        return await exit.ConfigureAwait(false);
    }

    /// <summary>Kills the program and its children; nothing happens when it is gone.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended by itself, or a child did.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        _process.Dispose();
    }

    private byte[] ReadOutput(long maxOutput)
    {
        using var output = new MemoryStream();
        byte[] buffer = new byte[64 << 10];
        int read;
        while ((read = _process.StandardOutput.BaseStream.Read(buffer)) > 0)
        {
            if (output.Length + read > Math.Min(maxOutput, Array.MaxLength))
            {
                throw new MediaException($"'{_process.StartInfo.FileName}' must print at most {maxOutput} bytes, but prints more. Use a smaller file.");
            }

            output.Write(buffer, 0, read);
        }

        return output.ToArray();
    }
}
