using System.Collections.Immutable;
using System.IO.Enumeration;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Running;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Optimization;

/// <summary>Rewrites a graph, or a pack, for a target and a precision, and measures what that did. The input is never changed.</summary>
public static class ModelOptimizer
{
    private const long MaxInputElements = 1 << 28;

    /// <summary>Rewrites a graph or a pack.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="progress">Told at every step and before every run, from the thread that works; nobody if not specified.</param>
    /// <param name="cancellationToken">Stops it: between steps, and inside a run. Nothing is left behind then.</param>
    /// <returns>What became of each graph.</returns>
    /// <exception cref="InvalidRequestException">The request cannot be carried out; every problem is listed.</exception>
    /// <exception cref="Graphs.ModelFileException">A graph's file cannot be used.</exception>
    /// <exception cref="ModelPackException">The pack cannot be used.</exception>
    /// <exception cref="GraphExecutionException">A graph does not run, or its outputs are not what they were.</exception>
    /// <exception cref="ExecutionTargetException">ONNX Runtime, or the provider that was asked for, cannot be had here.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Task<ModelOptimization> OptimizeAsync(
        ModelOptimizationRequest request, IProgress<OptimizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return OwnThread.RunAsync(() => request.IsPack ? OptimizePack(request, progress, cancellationToken) : OptimizeFile(request, progress, cancellationToken), cancellationToken);
    }

    private static ModelOptimization OptimizeFile(ModelOptimizationRequest request, IProgress<OptimizationProgress>? progress, CancellationToken cancellationToken)
    {
        List<string> problems = request.FindProblems();
        OnnxModel model = OpenModel(request.Input, problems);
        ShapeBindings bindings = BindInputs(request, model, problems);
        problems.AddRange(ShapeChoice.FindProblems(model, bindings));
        problems.AddRange(FindDataProblems(request, model));
        ThrowIfAny(problems);
        string name = Path.GetFileName(request.Input);
        EngineCompiler? compiler = EngineCompiler.For(request);
        using PartialOutput output = new(request.Output);
        using ModelRunner runner = new(request.Runtime, output.Scratch, cancellationToken);
        ShapeBindings chosen = ShapeChoice.For(model, bindings).Bindings;
        ThrowIfAny([.. chosen.Inputs.Where(input => request.Samples > 0 && input.Value.Aggregate(1.0, (a, b) => a * b) > MaxInputElements)
            .Select(input => $"Input '{input.Key}' must have at most {MaxInputElements} elements to be run, but has shape [{string.Join(", ", input.Value)}]. Ask for a smaller one.")]);
        IReadOnlyDictionary<string, OnnxTensor>[] samples = [.. Enumerable.Range(0, request.Samples).Select(seed => SampleInputs.Create(model, chosen, seed))];
        GraphWork work = new(request, runner, compiler, output.Scratch, progress, cancellationToken);
        GraphOptimization graph = work.Run(name, model, samples, output.Path, () => ShapesOf(chosen));
        return Finish(request, [graph], runner, output);
    }

    private static ModelOptimization OptimizePack(ModelOptimizationRequest request, IProgress<OptimizationProgress>? progress, CancellationToken cancellationToken)
    {
        List<string> problems = request.FindProblems();
        ModelPack pack = ModelPack.Open(request.Input);
        problems.AddRange(request.Roles.Where(role => pack.Contract.FindGraph(role) is null)
            .Select(role => $"Graph '{role}' must be one of {string.Join(", ", pack.Contract.Graphs.Keys)}, but is not. Choose among those."));
        ThrowIfAny(problems);
        EngineCompiler? compiler = EngineCompiler.For(request);
        pack.VerifyFiles(cancellationToken);

        using PartialOutput output = new(request.Output);
        using ModelRunner runner = new(request.Runtime, output.Scratch, cancellationToken);
        GraphContract[] graphs = [.. GraphRoles.All.Select(pack.Contract.FindGraph).OfType<GraphContract>()];
        Dictionary<string, OnnxModel> models = graphs.ToDictionary(graph => graph.Role, graph => OnnxModel.Load(pack.PathOfGraph(graph.Role)), StringComparer.Ordinal);
        GraphContract[] chosen = [.. graphs.Where(graph => request.Roles.IsEmpty || request.Roles.Contains(graph.Role))];
        PackCopy copy = new(pack, output.Path, cancellationToken);
        copy.CopyFiles([.. chosen.Select(graph => models[graph.Role])], [.. graphs.Except(chosen).Select(graph => models[graph.Role])]);

        PackSamples samples = new(pack, models, runner, request.Samples);
        GraphWork work = new(request, runner, compiler, output.Scratch, progress, cancellationToken);
        ImmutableArray<GraphOptimization> results =
            [.. chosen.Select(graph => work.Run(graph.Role, models[graph.Role], samples.For(graph), copy.PathOf(graph.File), ShapesOf(graph)))];
        copy.WriteContract(request, results);
        ModelPack.Open(output.Path).VerifyFiles(cancellationToken);
        return Finish(request, results, runner, output);

        // What takes text stays on the processor.
        Func<ShapeProfile>? ShapesOf(GraphContract graph) => graph.Inputs.Any(input => input.ElementType == ElementType.Text)
            ? null
            : () => ShapeProfile.Of(graph, pack.Contract, compiler!.Axes).Keep([.. models[graph.Role].Graph.RequiredInputs.Select(input => input.Name)]);
    }

    /// <summary>Opens the model; what keeps it from being opened comes before problems of the request that hang on it, but not instead of the others.</summary>
    private static OnnxModel OpenModel(string path, List<string> problems)
    {
        try
        {
            return OnnxModel.Load(path);
        }
        catch (ModelFileException) when (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }

    /// <summary>Weights may come to lie beside the output: not over a file that is there, and never over one of the input's.</summary>
    private static IEnumerable<string> FindDataProblems(ModelOptimizationRequest request, OnnxModel model)
    {
        string data = Path.GetFullPath(request.Output) + ".data";
        if (File.Exists(data) && (!request.Overwrite || ModelFiles.Of(model).Contains(data, StringComparer.Ordinal)))
        {
            yield return $"'{data}', where weights beside the output may go, must not exist, but does. Choose another output.";
        }
    }

    /// <summary>What was asked of the shapes, with the values from files.</summary>
    private static ShapeBindings BindInputs(ModelOptimizationRequest request, OnnxModel model, List<string> problems)
    {
        ShapeBindings bindings = request.Shapes;
        Dictionary<string, OnnxValue> inputs = model.Graph.RequiredInputs.ToDictionary(input => input.Name, StringComparer.Ordinal);
        foreach ((string name, string file) in request.InputFiles.Where(file => File.Exists(file.Value)))
        {
            if (!inputs.TryGetValue(name, out OnnxValue? input))
            {
                problems.Add($"Input '{name}' must be one of {string.Join(", ", inputs.Keys)}, but is not. Give values for the graph's own inputs.");
                continue;
            }

            try
            {
                OnnxTensor tensor = NpyFile.Read(file, name);
                if (tensor.ElementType != input.ElementType)
                {
                    problems.Add($"Input '{name}' must be {input.DescribeType()}, but '{file}' holds {tensor.ElementType.ToName()}. Convert it before it is saved.");
                }

                bindings = bindings.WithInput(name, tensor.Dimensions.AsSpan()) with { Values = bindings.Values.SetItem(name, tensor) };
            }
            catch (ModelFileException error)
            {
                problems.Add(error.Message);
            }
        }

        return bindings;
    }

    private static ShapeProfile ShapesOf(ShapeBindings bindings) =>
        new(bindings.Inputs.ToImmutableSortedDictionary(input => input.Key, input => input.Value.Select(length => AxisRange.Fixed(length)).ToImmutableArray(), StringComparer.Ordinal));

    private static ModelOptimization Finish(ModelOptimizationRequest request, ImmutableArray<GraphOptimization> graphs, ModelRunner runner, PartialOutput output)
    {
        string[] kept = [.. graphs.SelectMany(graph => graph.Precision.Kept)];
        ThrowIfAny([.. request.Keep.Where(pattern => !Array.Exists(kept, name => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)))
            .Select(pattern => $"Nodes to keep must be among those that would be converted, but '{pattern}' matches none. 'inspect --json' lists the nodes.")]);
        runner.Dispose();
        output.Commit();
        return new ModelOptimization(Path.GetFullPath(request.Output), request, graphs);
    }

    private static void ThrowIfAny(List<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
    }
}
