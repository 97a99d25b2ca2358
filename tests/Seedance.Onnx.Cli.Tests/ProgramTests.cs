using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Seedance.Onnx.Cli;

/// <summary>The program as its own process: signals, and the bytes that it prints.</summary>
[Trait("Tier", "Graph")]
public sealed class ProgramTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // A child inherits the signals that its parent ignores, and no program hears of those: a shell's background ignores INT.
    private static readonly string[] WithDefaultSignals = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT,TERM"] : [];

    private readonly CommandFixture _commands = new();

    public void Dispose() => _commands.Dispose();

    [SkippableTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Program_Signal_EndsWith130AndLeavesNothing(string signal)
    {
        string started = Path.Combine(_commands.Programs, "started");
        // It goes on when it has all frames, so that the program is there to be told.
        _commands.SetFFmpeg($"echo part > \"$OUT\"; echo > '{started}'; cat > /dev/null; sleep 1000");
        using Process program = Start("generate", "ball", "--frames", "17", "--resolution", "1024x1024", "--steps", "1000");
        Task<string> output = program.StandardOutput.ReadToEndAsync(), error = program.StandardError.ReadToEndAsync();
        await WaitForFileAsync(started, program);
        bool wasWriting = _commands.Names.Any();

        using (Process kill = Process.Start("kill", ["-" + signal, $"{program.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await program.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(wasWriting);
        Assert.Equal((130, "", "seedance: Cancelled; nothing was written.\n"), (program.ExitCode, await output, await error));
        Assert.Empty(_commands.Names);
    }

    [SkippableFact]
    public async Task Program_AsciiLocale_PrintsUtf8AndNoProgress()
    {
        using Process program = Start("generate", "一只红色的猫", "--seed", "7");
        Task<string> output = program.StandardOutput.ReadToEndAsync(), error = program.StandardError.ReadToEndAsync();

        await program.WaitForExitAsync().WaitAsync(Patience);

        Assert.Equal((0, ""), (program.ExitCode, await error));
        Assert.StartsWith("一只红色的猫-7.mp4: 48x32", await output, StringComparison.Ordinal);
        Assert.Equal(["一只红色的猫-7.mp4"], _commands.Names);
    }

    private Process Start(params string[] args)
    {
        Skip.If(OperatingSystem.IsWindows(), "Signals and the stand-in for FFmpeg are Unix's.");
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..", "dotnet"));
        string[] command = [.. WithDefaultSignals, dotnet, Path.Combine(AppContext.BaseDirectory, "seedance.dll"), .. args];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            WorkingDirectory = _commands.Work,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true),
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment["SEEDANCE_PACK"] = _commands.Pack;
        start.Environment["SEEDANCE_FFMPEG"] = _commands.Programs;
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start)!;
    }

    private static async Task WaitForFileAsync(string path, Process program)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!File.Exists(path))
        {
            Assert.False(program.HasExited, "The program must run, but has ended.");
            Assert.True(waited.Elapsed < Patience, "The program must start FFmpeg, but does not.");
            await Task.Delay(20);
        }
    }
}
