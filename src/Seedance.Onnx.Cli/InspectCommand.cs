using System.Collections.Immutable;
using System.CommandLine;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Optimization;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Cli;

/// <summary>seedance inspect: what a graph or a pack is and costs, and whether the files of a pack are whole.</summary>
internal sealed class InspectCommand
{
    private readonly Argument<string> _path = new("GRAPH|PACK") { Description = "An ONNX file, or a pack's folder, which holds seedance.json." };
    private readonly Option<IReadOnlyList<KeyValuePair<string, ImmutableArray<long>>>> _axes = ShapeOptions.Axes();
    private readonly Option<IReadOnlyList<KeyValuePair<string, ImmutableArray<long>>>> _shapes = ShapeOptions.Shapes();
    private readonly Option<bool> _json = TextOption.Json("Print one JSON object, and nothing else.");
    private readonly CommandHost _host;

    private InspectCommand(CommandHost host)
    {
        _host = host;
    }

    public static Command Create(CommandHost host)
    {
        InspectCommand inspect = new(host);
        DocumentedCommand command = new(
            "inspect",
            "Shows what an ONNX graph is: inputs, outputs, operators, weights, and what a run costs; or what a model pack is: sizes, defaults, graphs with their cost, "
            + "files, and whether every file is as it was published. Nothing is run, and weights are not loaded.",
            "seedance inspect onnx/seedance-mini",
            "seedance inspect onnx/seedance-mini --json",
            "seedance inspect model.onnx --axis batch=1 --shape pixels=1,3,224,224")
        {
            inspect._path, inspect._axes, inspect._shapes, inspect._json,
        };
        command.SetAction((parsed, cancellationToken) => Task.FromResult(inspect.Run(parsed, cancellationToken)));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        string path = _host.FullPath(parsed.GetValue(_path)!);
        ShapeBindings shapes = ShapeOptions.Read(parsed.GetValue(_axes), parsed.GetValue(_shapes));
        bool json = parsed.GetValue(_json);
        if (File.Exists(path) || (!Directory.Exists(path) && path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase)))
        {
            GraphFileReport report = new(GraphInspection.OfFile(path, shapes));
            _host.Output.WriteLine(json ? report.ToJson() : report.ToText());
            return ExitCode.Done;
        }

        return shapes.Inputs.IsEmpty
            ? InspectPack(path, shapes.Axes, json, cancellationToken)
            : throw new InvalidRequestException(["--shape must come with a graph's file, but the input is a pack. Take --axis."]);
    }

    private int InspectPack(string folder, ImmutableDictionary<string, long> axes, bool json, CancellationToken cancellationToken)
    {
        ModelPack pack = ModelPack.Open(folder);
        ModelPackException? damage = FindDamage(pack, cancellationToken);
        PackReport report = PackReport.Of(pack, damage?.Problems ?? [], damage is null ? GraphInspection.OfPack(pack, axes) : new Dictionary<string, GraphInspection>());
        _host.Output.WriteLine(json ? report.ToJson() : report.ToText());
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
