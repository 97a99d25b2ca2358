using System.CommandLine;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Cli;

/// <summary>seedance inspect: what a pack is, and whether its files are whole.</summary>
internal static class InspectCommand
{
    public static Command Create(CommandHost host)
    {
        Argument<string> pack = new("PACK") { Description = "The pack's folder, which holds seedance.json." };
        Option<bool> json = TextOption.Json("Print one JSON object, and nothing else.");
        DocumentedCommand command = new(
            "inspect",
            "Shows what a model pack is: sizes, defaults, graphs with their tensors, files; and whether every file is as it was published.",
            "seedance inspect onnx/seedance-mini",
            "seedance inspect onnx/seedance-mini --json")
        {
            pack, json,
        };
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Run(parsed.GetValue(pack)!, parsed.GetValue(json), host, cancellationToken)));
        return command;
    }

    private static int Run(string folder, bool json, CommandHost host, CancellationToken cancellationToken)
    {
        ModelPack pack = ModelPack.Open(host.FullPath(folder));
        ModelPackException? damage = FindDamage(pack, cancellationToken);
        PackReport report = PackReport.Of(pack, damage?.Problems ?? []);
        host.Output.WriteLine(json ? report.ToJson() : report.ToText());
        return damage is null ? ExitCode.Done : throw damage;
    }

    private static ModelPackException? FindDamage(ModelPack pack, CancellationToken cancellationToken)
    {
        try
        {
            pack.VerifyFiles(cancellationToken);
            return null;
        }
        catch (ModelPackException damage)
        {
            return damage;
        }
    }
}
