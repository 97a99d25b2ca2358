using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Composition;
using Seedance.Onnx.Graphs.Fusion;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>Rewrites models so that they compute the same with fewer and larger operators.</summary>
public static class GraphOptimizer
{
    /// <summary>Passes make work for one another; a model that is not done after this many rounds is left as it is.</summary>
    private const int MaxRounds = 10;

    private static readonly IGraphPass[] Cleaning = [new ConstantFolding(), new IdentityRemoval(), new CastCleanup(), new MoveMerging(), new SharedInitializers(), new CommonNodes(), new EqualLengths()];

    private static readonly IGraphPass[] Fusions =
    [
        new FusedForms(), new NormalizationFusion(), new ActivationFusion(), new BiasGeluFusion(), new RotaryFusion(), new AttentionFusion(), new SkipNormalizationFusion(), new PlanarConvolutions(), new ChannelsLast(),
        new RowNormalization(), new SingleMoves(),
    ];

    /// <summary>What is to happen when nothing is left to do, because the passes before do not know what comes of it.</summary>
    private static readonly IGraphPass[] Finishing = [new RowFusion()];

    /// <summary>The passes in the order in which they run, as reports name them.</summary>
    public static ImmutableArray<string> PassNames => [.. Cleaning.Concat(Fusions).Concat(Finishing).Select(pass => pass.Name), "dead code"];

    /// <summary>Optimises a model in place.</summary>
    /// <param name="model">The model; changed. Its inputs and outputs stay as they are.</param>
    /// <param name="options">The target, and which passes run.</param>
    /// <param name="cancellationToken">Stops it, inside a pass too; the model is then not to be used.</param>
    /// <returns>What each pass changed.</returns>
    /// <exception cref="ModelFileException">The model is not valid, uses operators that are newer than what is known here, or cannot be raised to what the options ask for.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static OptimizationReport Optimize(OnnxModel model, OptimizationOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        if (model.Opsets.Version > OpsetImports.NewestKnown)
        {
            throw new ModelFileException(model.Source, $"operators must be of version {OpsetImports.NewestKnown} at most to be rewritten, but are of {model.Opsets.Version}. Export the model with an older version.");
        }

        // Whoever built the model by hand may have left something out.
        Storage.ModelCheck.Run(model);
        TargetProfile profile = options.Profile ?? TargetProfile.Of(options.Target);
        if (profile.Attention == AttentionForm.Attention && model.Opsets.Version < 23)
        {
            OpsetRaise.Raise(model, 23);
        }

        (int nodes, long bytes) = Size(model);
        FixAxes(model.Graph, options.Axes);
        Dictionary<string, int> changes = PassNames.ToDictionary(name => name, _ => 0, StringComparer.Ordinal);
        changes["dead code"] += DeadCode.Remove(model.Graph);
        GraphShapes? shapes = null;
        for (int round = 0; round < MaxRounds && RunAll([.. Cleaning, .. Fusions]) > 0; round++)
        {
        }

        RunAll(Finishing);
        changes["initialisers"] += options.Without.Contains("initialisers") ? 0 : SharedInitializers.Share(model, cancellationToken: cancellationToken);
        (int nodesAfter, long bytesAfter) = Size(model);
        return new OptimizationReport([.. PassNames.Select(name => new PassReport(name, changes[name]))], nodes, nodesAfter, bytes, bytesAfter);

        int RunAll(IGraphPass[] passes)
        {
            int changed = 0;
            foreach (IGraphPass pass in passes.Where(pass => !options.Without.Contains(pass.Name)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                shapes ??= ShapeInference.Run(model);
                int count = Run(pass, model, model.Graph, shapes, profile, cancellationToken);
                if (count > 0)
                {
                    changes["dead code"] += DeadCode.Remove(model.Graph);
                    shapes = null;
                }

                changes[pass.Name] += count;
                changed += count;
            }

            return changed;
        }
    }

    private static int Run(IGraphPass pass, OnnxModel model, OnnxGraph graph, GraphShapes shapes, TargetProfile profile, CancellationToken cancellationToken)
    {
        // From the outside in: a rewriting outside may rename what an inner graph reads.
        GraphView view = new(model, graph, shapes, profile, cancellationToken);
        int changes = pass.Run(view);
        view.Commit();
        graph.ReplaceNodes(NodeOrder.Sort(graph.Nodes));
        foreach (OnnxGraph inner in graph.Nodes.SelectMany(node => node.Subgraphs).ToList())
        {
            if (shapes.Inside(inner) is { } known)
            {
                changes += Run(pass, model, inner, known, profile, cancellationToken);
            }
        }

        return changes;
    }

    private static void FixAxes(OnnxGraph graph, ImmutableDictionary<string, long> axes)
    {
        for (int i = 0; axes.Count > 0 && i < graph.Inputs.Count; i++)
        {
            if (graph.Inputs[i] is { Shape: { } shape } input)
            {
                graph.Inputs[i] = new OnnxValue(input.Name, input.ElementType, [.. shape.Select(axis => axis.Name is { } name && axes.TryGetValue(name, out long length) ? length : axis)]);
            }
        }
    }

    private static (int Nodes, long Bytes) Size(OnnxModel model) => (model.Graph.AllNodes.Count(), model.Graph.Initializers.Sum(tensor => tensor.ByteCount));
}
