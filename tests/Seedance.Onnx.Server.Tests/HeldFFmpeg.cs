using Seedance.Onnx.Media;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server;

/// <summary>The machine's FFmpeg behind a script that waits before it writes a video, as long as a file is there. Pictures and probes do not wait.</summary>
internal sealed class HeldFFmpeg : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Makes it; it holds.</summary>
    /// <param name="ffmpeg">Where the machine's own is.</param>
    public HeldFFmpeg(FFmpegOptions ffmpeg)
    {
        Skip.If(OperatingSystem.IsWindows(), "The stand-in for FFmpeg is a shell script.");
        FFmpegTool tool = FFmpegTool.Find(ffmpeg);
        Write("ffprobe", $"exec '{tool.FFprobePath}' \"$@\"");
        Write("ffmpeg", $"""
            case "$*" in *" -f mp4 "*) while [ -e '{Sign}' ]; do sleep 0.02; done ;; esac
            exec '{tool.FFmpegPath}' "$@"
            """);
        File.WriteAllText(Sign, "");
    }

    /// <summary>Where it is.</summary>
    public FFmpegOptions Options => new() { Path = _folder.Path };

    private string Sign => _folder.PathOf("hold");

    public void Release() => File.Delete(Sign);

    public void Dispose() => _folder.Dispose();

    private void Write(string name, string script)
    {
        string path = _folder.PathOf(name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
