using System.Collections.Immutable;
using System.CommandLine;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Optimization;

namespace Seedance.Onnx.Cli;

/// <summary>seedance optimize: a graph or a pack becomes one that computes the same with less.</summary>
internal sealed class OptimizeCommand
{
    private readonly Argument<string> _input = new("GRAPH|PACK") { Description = "An ONNX file, or a pack's folder. It stays as it is." };
    private readonly Option<string?> _output = TextOption.File("--output", "PATH", "The file or folder to write; weights beyond 1.5 GiB go into a file beside it.", "-o");
    private readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace an output that exists." };
    private readonly Option<GraphTarget?> _target = TextOption.GraphTarget("--target", "What it is to run on, which decides the operators that it may use. [default: cpu]");
    private readonly Option<GraphPrecision?> _precision = TextOption.Precision(
        "--precision", "What its numbers become: half precision (fp16), 8-bit products (int8, for cpu), or weights in 8 or 4 bits that are computed with as before. [default: fp32, as they are]");
    private readonly Option<IReadOnlyList<string>> _keep = TextOption.Texts(
        "--keep", "PATTERN", "Nodes that keep their precision, by name; * stands for any characters. May be written more than once.");
    private readonly Option<int?> _sensitivity = TextOption.Count(
        "--sensitivity", "K", "Convert one node after another alone, measure, and keep the K that do the most harm as they are. [default: 0]", 0, 100_000);
    private readonly Option<IReadOnlyList<string>> _graphs = TextOption.Texts("--graph", "ROLE", "Only this graph of the pack; may be written more than once. [default: all]");
    private readonly Option<int?> _verify = TextOption.Count(
        "--verify", "N", "Sets of inputs that each graph runs on before and after. [default: 2]", 1, ModelOptimizationRequest.MaxSamples);
    private readonly Option<bool> _noVerify = new("--no-verify") { Description = "Run nothing: no differences are measured, and fp16 keeps no node whose values are too large for it." };
    private readonly Option<IReadOnlyList<KeyValuePair<string, ImmutableArray<long>>>> _axes = ShapeOptions.Axes();
    private readonly Option<IReadOnlyList<KeyValuePair<string, ImmutableArray<long>>>> _shapes = ShapeOptions.Shapes();
    private readonly Option<IReadOnlyList<KeyValuePair<string, string>>> _inputs = TextOption.NamedFiles(
        "--input", "INPUT=FILE.npy", "Values for an input of a graph in these runs; once for each. [default: made up]");
    private readonly Option<ExecutionTarget?> _provider = TextOption.Target("--provider", "What these runs are computed on. [default: cpu]");
    private readonly Option<bool> _compile = new("--compile") { Description = "Let TensorRT build the engine now, for this machine's card; the output stands for it. With --target tensorrt." };
    private readonly Option<bool> _json = TextOption.Json("Print one JSON object about what was done, and nothing else.");
    private readonly CommandHost _host;

    private OptimizeCommand(CommandHost host)
    {
        _host = host;
        _output.Required = true;
    }

    public static Command Create(CommandHost host)
    {
        OptimizeCommand optimize = new(host);
        DocumentedCommand command = new(
            "optimize",
            "Rewrites an ONNX graph, or the graphs of a pack, to compute the same with fewer operators and smaller numbers; and measures what that does to the outputs.",
            "seedance optimize onnx/seedance-mini -o fast --precision int8 --graph transformer",
            "seedance optimize model.onnx -o model.fp16.onnx --target cuda --precision fp16",
            "seedance optimize model.onnx -o model.int8.onnx --precision int8 --keep '*/head/*' --sensitivity 5 --axis batch=2 --input pixels=in.npy")
        {
            optimize._input, optimize._output, optimize._overwrite, optimize._target, optimize._precision, optimize._keep, optimize._sensitivity, optimize._graphs,
            optimize._verify, optimize._noVerify, optimize._axes, optimize._shapes, optimize._inputs, optimize._provider, optimize._compile, optimize._json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(optimize._noVerify) is { Implicit: false } && result.GetResult(optimize._verify) is { Implicit: false })
            {
                result.AddError("--verify must come without --no-verify, but both are there. Choose one.");
            }
        });
        command.SetAction(optimize.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        long began = _host.Time.GetTimestamp();
        ModelOptimizationRequest request = ReadRequest(parsed);
        using ProgressLine progress = new(_host.ShowsProgress ? _host.Error : null, _host.Time);
        ModelOptimization result = await ModelOptimizer.OptimizeAsync(request, progress, cancellationToken).ConfigureAwait(false);
        progress.Dispose();
        OptimizationText report = new(result, _host.Time.GetElapsedTime(began));
        _host.Output.WriteLine(parsed.GetValue(_json) ? report.ToJson() : report.ToText(_host));
        return ExitCode.Done;
    }

    private ModelOptimizationRequest ReadRequest(ParseResult parsed)
    {
        ModelOptimizationRequest request = new() { Input = _host.FullPath(parsed.GetValue(_input)!), Output = _host.FullPath(parsed.GetValue(_output)!) };
        return request with
        {
            Overwrite = parsed.GetValue(_overwrite),
            Target = parsed.GetValue(_target) ?? request.Target,
            Precision = parsed.GetValue(_precision) ?? request.Precision,
            Keep = [.. parsed.GetValue(_keep) ?? []],
            SensitiveKeeps = parsed.GetValue(_sensitivity) ?? request.SensitiveKeeps,
            Roles = [.. parsed.GetValue(_graphs) ?? []],
            Samples = parsed.GetValue(_noVerify) ? 0 : parsed.GetValue(_verify) ?? request.Samples,
            Shapes = ShapeOptions.Read(parsed.GetValue(_axes), parsed.GetValue(_shapes)),
            InputFiles = request.InputFiles.SetItems((parsed.GetValue(_inputs) ?? []).Select(input => KeyValuePair.Create(input.Key, _host.FullPath(input.Value)))),
            Runtime = parsed.GetValue(_provider) ?? request.Runtime,
            Compile = parsed.GetValue(_compile),
        };
    }
}
