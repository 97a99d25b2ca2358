using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>Converts models to another precision.</summary>
public static class PrecisionConversion
{
    /// <summary>Converts a model in place. Inputs and outputs stay as they are.</summary>
    /// <param name="model">The model; changed. Run it through the optimizer first: it finds its patterns in single precision.</param>
    /// <param name="options">The precision, and what stays.</param>
    /// <param name="cancellationToken">Stops it between two nodes; the model is then not to be used.</param>
    /// <returns>What was converted.</returns>
    /// <exception cref="ArgumentException">The options are not valid.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PrecisionReport Convert(OnnxModel model, PrecisionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        if (options.FindProblem() is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        NodeNaming.NameAll(model.Graph);
        long before = model.Graph.Initializers.Sum(tensor => tensor.ByteCount);
        NodeFilter filter = new(options.KeepNames);
        List<string> converted = [], kept = [];
        switch (options.Precision)
        {
            case GraphPrecision.Float32:
                break;
            case GraphPrecision.Float16:
                Float16Conversion.Convert(model, options, filter, converted, kept, cancellationToken);
                break;
            default:
                WeightQuantization.Convert(model, options, filter, converted, kept, cancellationToken);
                break;
        }

        DeadCode.Remove(model.Graph);
        return new PrecisionReport([.. converted], [.. kept], before, model.Graph.Initializers.Sum(tensor => tensor.ByteCount));
    }

    /// <summary>The nodes that a conversion would take, if nothing were asked to stay.</summary>
    internal static ImmutableArray<string> Candidates(OnnxModel model, PrecisionOptions options) => Convert(model.Copy(), options with { KeepNames = [] }).Converted;
}
