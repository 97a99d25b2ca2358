using System.Diagnostics;

namespace Seedance.Onnx.Cli;

/// <summary>The program as a process of its own, which can be killed.</summary>
internal sealed class SeedanceProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SeedanceProcess(Process process)
    {
        _process = process;
        Errors = process.StandardError.ReadToEndAsync();
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
    }

    /// <summary>All that it wrote to its error output, once it has ended.</summary>
    public Task<string> Errors { get; }

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts it.</summary>
    public static SeedanceProcess Start(params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new("dotnet", [typeof(SeedanceCommand).Assembly.Location, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new SeedanceProcess(Process.Start(start)!);
    }

    /// <summary>The test is skipped where there is no FFmpeg for it.</summary>
    public static void RequireFFmpeg()
    {
        try
        {
            _ = Media.FFmpegTool.Find(new Media.FFmpegOptions { Path = Environment.GetEnvironmentVariable("SEEDANCE_FFMPEG") });
        }
        catch (ExecutionTargetException missing)
        {
            throw new SkipException(missing.Message, missing);
        }
    }

    /// <summary>Fails the test if it has ended by itself.</summary>
    public async Task AssertRunsAsync() => Assert.True(!_process.HasExited, _process.HasExited ? await Errors : "");

    /// <summary>Asks it to end (SIGTERM), and waits until it has.</summary>
    public async Task TerminateAsync(CancellationToken cancellationToken)
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync(cancellationToken);
        await WaitAsync(cancellationToken);
    }

    /// <summary>Waits until it has ended.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Kills it (SIGKILL).</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
