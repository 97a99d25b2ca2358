using System.Collections.Immutable;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Graphs.Running;

namespace Seedance.Onnx.Optimization;

/// <summary>Rewrites one graph into a new file, and measures what that did.</summary>
internal sealed class GraphWork(
    ModelOptimizationRequest request, ModelRunner runner, EngineCompiler? compiler, string scratch, IProgress<OptimizationProgress>? progress, CancellationToken cancellationToken)
{
    /// <summary>Rewrites a graph.</summary>
    /// <param name="graph">What it is called.</param>
    /// <param name="original">The graph as its file has it; not changed.</param>
    /// <param name="samples">Sets of inputs; none to run nothing.</param>
    /// <param name="output">The file to write.</param>
    /// <param name="shapes">The shapes that an engine of it is for; null where none can be.</param>
    public GraphOptimization Run(string graph, OnnxModel original, IReadOnlyList<IReadOnlyDictionary<string, OnnxTensor>> samples, string output, Func<ShapeProfile>? shapes)
    {
        runner.Name = graph;
        Begin(graph, OptimizationStep.Reference);
        IReadOnlyDictionary<string, OnnxTensor>[] expected = [.. samples.Select(sample => RunOriginal(graph, original, sample))];

        Begin(graph, OptimizationStep.Passes);
        OnnxModel model = original.Copy();
        OptimizationReport passes = GraphOptimizer.Optimize(model, new OptimizationOptions { Target = request.Target }, cancellationToken);

        PrecisionOptions options = new() { Precision = request.Precision, KeepNames = request.Keep };
        ImmutableArray<string> overflows = [];
        if (request.Precision == GraphPrecision.Float16 && samples.Count > 0)
        {
            Begin(graph, OptimizationStep.Overflows);
            overflows = Calibration.FindOverflows(model, runner.Run, samples);
            options = options with { KeepNames = [.. options.KeepNames, .. overflows] };
        }

        ImmutableArray<NodeSensitivity> sensitive = [];
        if (request.SensitiveKeeps > 0)
        {
            Begin(graph, OptimizationStep.Sensitivity);
            sensitive = [.. Calibration.MeasureSensitivity(model, options, runner.Run, samples).Take(request.SensitiveKeeps)];
            options = options with { KeepNames = [.. options.KeepNames, .. sensitive.Select(node => node.Node)] };
        }

        Begin(graph, OptimizationStep.Conversion);
        PrecisionReport precision = PrecisionConversion.Convert(model, options, cancellationToken);
        model.Save(output, cancellationToken: cancellationToken);

        Begin(graph, OptimizationStep.Comparison);
        GraphOptimization result = new()
        {
            Graph = graph,
            Passes = passes,
            Precision = precision,
            OverflowKeeps = overflows,
            SensitiveKeeps = sensitive,
            BytesBefore = ModelFiles.SizeOf(original),
            BytesAfter = ModelFiles.SizeOf(OnnxModel.Load(output)),
            Shapes = samples.Count == 0 ? ImmutableSortedDictionary<string, ImmutableArray<long>>.Empty : samples[0].ToImmutableSortedDictionary(input => input.Key, input => input.Value.Dimensions, StringComparer.Ordinal),
            Differences = Compare(graph, original, expected, [.. samples.Select(sample => runner.RunFile(output, sample))]),
        };
        if (compiler is null || shapes is null)
        {
            return result;
        }

        Begin(graph, OptimizationStep.Compilation);
        runner.Dispose(); // it holds the file open
        compiler.Compile(graph, output, shapes(), scratch);
        return result with { BytesAfter = new FileInfo(output).Length };
    }

    private IReadOnlyDictionary<string, OnnxTensor> RunOriginal(string graph, OnnxModel original, IReadOnlyDictionary<string, OnnxTensor> sample)
    {
        try
        {
            return runner.RunFile(original.Source, sample);
        }
        catch (GraphExecutionException error)
        {
            string shapes = string.Join(", ", sample.Select(input => $"{input.Key} [{string.Join(", ", input.Value.Dimensions)}]"));
            throw new GraphExecutionException(
                graph, $"it must run as it is on {shapes} to be measured, but does not. Give other shapes or the values of its inputs, or do without measuring. {error.Message}", error);
        }
    }

    private void Begin(string graph, OptimizationStep step)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int runs = 0;
        runner.Running = () => progress?.Report(new OptimizationProgress(graph, step, runs++));
        progress?.Report(new OptimizationProgress(graph, step, 0));
    }

    private static ImmutableArray<OutputDifference> Compare(
        string graph, OnnxModel original, IReadOnlyDictionary<string, OnnxTensor>[] expected, IReadOnlyDictionary<string, OnnxTensor>[] actual)
    {
        List<OutputDifference> worst = [];
        foreach (string output in original.Graph.Outputs.Select(output => output.Name).Where(output => expected.Length > 0 && expected[0].ContainsKey(output)))
        {
            OutputDifference[] all = [.. expected.Zip(actual, (before, after) => Compare(output, before[output], after.GetValueOrDefault(output)))];
            if (Array.Exists(all, difference => !double.IsFinite(difference.LargestAbsolute)))
            {
                throw new GraphExecutionException(graph, $"output '{output}' must stay what it was but for rounding, but has become another shape, another text or no number at all. Keep nodes, or take another precision.");
            }

            worst.Add(new OutputDifference(all.Max(difference => difference.LargestAbsolute), all.Max(difference => difference.RelativeRms), output));
        }

        return [.. worst];
    }

    private static OutputDifference Compare(string output, OnnxTensor before, OnnxTensor? after)
    {
        if (before.ElementType == OnnxElementType.Text)
        {
            bool same = after is { ElementType: OnnxElementType.Text } && before.ToText().SequenceEqual(after.ToText(), StringComparer.Ordinal);
            return same ? new OutputDifference(0, 0, output) : new OutputDifference(double.PositiveInfinity, double.PositiveInfinity, output);
        }

        Dictionary<string, OnnxTensor> found = new(StringComparer.Ordinal);
        if (after is not null)
        {
            found.Add(output, after);
        }

        return OutputDifference.Between(new Dictionary<string, OnnxTensor>(StringComparer.Ordinal) { [output] = before }, found);
    }
}
