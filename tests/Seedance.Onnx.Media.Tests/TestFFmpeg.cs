using System.Diagnostics;
using System.Globalization;

namespace Seedance.Onnx.Media;

/// <summary>The real FFmpeg, shell scripts that stand in for it, and questions about processes.</summary>
internal static class TestFFmpeg
{
    private static readonly Lazy<(FFmpegTool? Tool, string? Why)> Found = new(Find);

    public static string? WhyMissing => Found.Value.Why;

    public static FFmpegTool Tool => Found.Value.Tool ?? throw new InvalidOperationException(Found.Value.Why);

    /// <summary>A tool whose ffmpeg is a shell script; $OUT is the file that it was asked to write.</summary>
    public static FFmpegTool Fake(TestFolder folder, string script)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new SkipException("Stand-ins for FFmpeg are shell scripts.");
        }

        foreach (string program in new[] { "ffmpeg", "ffprobe" })
        {
            string path = folder.File(program);
            File.WriteAllText(path, $"#!/bin/sh\nfor last; do :; done\nOUT=\"${{last#file:}}\"\n{script}\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return FFmpegTool.Find(new FFmpegOptions { Path = folder.Path });
    }

    /// <summary>Runs any FFmpeg command to make an input.</summary>
    public static async Task RunAsync(params string[] arguments)
    {
        ProcessResult result = await TryRunAsync(arguments);
        Assert.True(result.ExitCode == 0, result.Errors);
    }

    /// <summary>Runs an FFmpeg command that not every version knows.</summary>
    public static Task<ProcessResult> TryRunAsync(params string[] arguments)
        => Tool.RunFFmpegAsync(["-y", .. arguments], input: default, maxOutput: 0, CancellationToken.None);

    /// <summary>Waits until a process is gone; a zombie that nobody reaps counts as gone.</summary>
    public static async Task<bool> IsGoneAsync(int processId)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            if (!Lives(processId))
            {
                return true;
            }

            await Task.Delay(20);
        }

        return false;
    }

    /// <summary>The processes that this one has started and that still live.</summary>
    public static int[] Children()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux tells whose child a process is.");
        string parent = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return [.. Process.GetProcesses().Select(process => process.Id).Where(id => Status(id) is [not "Z", var of, ..] && of == parent)];
    }

    public static async Task SignalAsync(int processId, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, processId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static bool Lives(int processId)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(processId);
                return !process.HasExited;
            }

            return Status(processId) is [not "Z", ..];
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>What Linux says after a process's name: its state, its parent …; nothing when it is gone.</summary>
    private static string[] Status(int processId)
    {
        try
        {
            string status = File.ReadAllText($"/proc/{processId}/stat");
            return status[(status.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static (FFmpegTool? Tool, string? Why) Find()
    {
        try
        {
            return (FFmpegTool.Find(new FFmpegOptions { Path = Environment.GetEnvironmentVariable("SEEDANCE_FFMPEG") }), null);
        }
        catch (ExecutionTargetException e)
        {
            return (null, e.Message);
        }
    }
}
