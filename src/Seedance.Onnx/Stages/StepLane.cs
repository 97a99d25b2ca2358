using Seedance.Onnx.Ort;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>Steps whose branches the graph runs as one batch, the solver's update behind them in the same run.</summary>
/// <param name="graph">The step graph; borrowed.</param>
/// <param name="branches">G: branches that it runs.</param>
/// <param name="states">The two states, [K, C, f, h, w]; borrowed.</param>
/// <param name="noise">Fresh noise, or zeros; borrowed.</param>
/// <param name="conditions">The graph's other inputs, for these branches; borrowed.</param>
internal sealed class StepLane(GraphSession graph, int branches, DeviceTensor[] states, GraphTensor noise, IReadOnlyDictionary<string, GraphTensor> conditions) : IStepLane
{
    private readonly StepBinding _binding = new(graph, branches, states, [states[1], states[0]], noise, conditions);

    /// <inheritdoc/>
    public GraphSession Graph => graph;

    /// <inheritdoc/>
    public int Runs => _binding.Runs;

    /// <inheritdoc/>
    public TimeSpan InRuns => _binding.InRuns;

    /// <inheritdoc/>
    public void Run(SolverStep step, int from, bool isLast, CancellationToken cancellationToken)
    {
        step.CopyWeights(_binding.Weights);
        step.CopyGuidance(_binding.Guidance);
        _binding.Run(step.Timestep, from, isLast, cancellationToken);
    }

    public void Dispose() => _binding.Dispose();
}
