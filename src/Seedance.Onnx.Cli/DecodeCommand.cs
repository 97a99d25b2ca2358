using System.CommandLine;
using Seedance.Onnx.Media;

namespace Seedance.Onnx.Cli;

/// <summary>seedance decode: latents that generate kept become a video file.</summary>
internal sealed class DecodeCommand
{
    private readonly Argument<string> _input = new("LATENTS") { Description = "The file that generate --keep-latents wrote." };
    private readonly Option<string?> _pack = TextOption.File("--pack", "FOLDER", $"The pack that made them. [default: ${PackLocator.Variable}, else {PackLocator.DefaultPack}]");
    private readonly ExecutionChoice _execution = new();
    private readonly Option<bool> _json = TextOption.Json("Print one JSON object about the file and what it took, and nothing else.");
    private readonly CommandHost _host;
    private readonly SaveOptions _save;

    private DecodeCommand(CommandHost host)
    {
        _host = host;
        _save = new SaveOptions(host, required: true);
    }

    public static Command Create(CommandHost host)
    {
        DecodeCommand decode = new(host);
        DocumentedCommand command = new(
            "decode",
            "Makes a video from latents that were kept: nothing is sampled again.",
            "seedance generate \"a red ball moves to the right\" --keep-latents red.safetensors -o red.mp4",
            "seedance decode red.safetensors -o red.webm")
        {
            decode._input,
        };
        foreach (Option option in decode._save.Options.Append(decode._pack).Concat(decode._execution.Options).Append(decode._json))
        {
            command.Add(option);
        }

        command.SetAction(decode.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        long began = _host.Time.GetTimestamp();
        SaveRequest? saving = _save.IsPipe(parsed) ? null : _save.Read(parsed, () => "");
        PipelineOptions options = new() { FFmpeg = _host.FFmpeg, Target = _execution.ReadTarget(parsed), Host = _execution.ReadSettings(parsed, _host) };
        string packFolder = PackLocator.Find(parsed.GetValue(_pack), _host);
        LatentClip clip = LatentClip.Load(_host.FullPath(parsed.GetValue(_input)!), Packs.ModelPack.Open(packFolder));
        foreach (string path in new[] { saving?.Path, saving?.LastFramePath }.OfType<string>())
        {
            _ = FFmpegTool.Find(options.FFmpeg);
            VideoWriter.CheckWritable(path);
        }

        using ProgressLine progress = new(_host.ShowsProgress ? _host.Error : null, _host.Time);
        progress.Show("opening the pack");
        VideoPipeline pipeline = await VideoPipeline.OpenAsync(packFolder, options, cancellationToken).ConfigureAwait(false);
        await using (pipeline.ConfigureAwait(false))
        {
            VideoOutput output = new(_host, progress, parsed.GetValue(_json), notices: []);
            await output.WriteAsync(pipeline.DecodeAsync(clip, new GenerationEvents { Progress = progress }, cancellationToken), saving, began, cancellationToken).ConfigureAwait(false);
            output.End();
        }

        return ExitCode.Done;
    }
}
