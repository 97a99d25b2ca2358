using System.Collections.Immutable;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>A step graph bound for some of the branches, which it runs as one batch: once for each direction between the two states, so that a step binds nothing.</summary>
internal sealed class StepLane : IStepLane
{
    private readonly GraphBinding[] _bindings = new GraphBinding[2];
    private readonly HostTensor _weights;
    private readonly HostTensor _timestep;
    private readonly HostTensor _guidance;

    /// <summary>Binds everything; nothing has run yet.</summary>
    /// <param name="graph">The step graph; borrowed.</param>
    /// <param name="keep">K: tensors that the solver keeps.</param>
    /// <param name="branches">G: branches that it runs.</param>
    /// <param name="states">The two states, [K, C, f, h, w]; borrowed.</param>
    /// <param name="noise">Fresh noise, or zeros; borrowed.</param>
    /// <param name="conditions">The graph's other inputs, for these branches; borrowed.</param>
    public StepLane(GraphSession graph, int keep, int branches, DeviceTensor[] states, GraphTensor noise, IReadOnlyDictionary<string, GraphTensor> conditions)
    {
        Graph = graph;
        try
        {
            _weights = HostTensor.Allocate(ElementType.Float32, keep, keep + branches + 1);
            _timestep = HostTensor.Allocate(ElementType.Float32, branches);
            _guidance = HostTensor.Allocate(ElementType.Float32, 1, branches + 1);
            ImmutableArray<(string, GraphTensor)> inputs =
            [
                (ComposedTensors.Weights, _weights), (ComposedTensors.Noise, noise), ("timestep", _timestep), (ComposedTensors.Guidance, _guidance),
                .. conditions.Select(condition => (condition.Key, condition.Value)),
            ];
            for (int i = 0; i < _bindings.Length; i++)
            {
                GraphBinding binding = _bindings[i] = graph.CreateBinding();
                binding.BindInput(ComposedTensors.State, states[i]);
                foreach ((string name, GraphTensor tensor) in inputs)
                {
                    binding.BindInput(name, tensor);
                }

                binding.BindOutput(ComposedTensors.NextState, states[1 - i]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public GraphSession Graph { get; }

    /// <inheritdoc/>
    public int Runs => _bindings[0].Runs + _bindings[1].Runs;

    /// <inheritdoc/>
    public TimeSpan InRuns => _bindings[0].Elapsed + _bindings[1].Elapsed;

    /// <inheritdoc/>
    public void Run(SolverStep step, int from, bool isLast, CancellationToken cancellationToken)
    {
        step.CopyWeights(_weights.AsSpan<float>());
        step.CopyGuidance(_guidance.AsSpan<float>());
        _timestep.AsSpan<float>().Fill((float)step.Timestep);
        _bindings[from].Run(isLast, cancellationToken);
    }

    public void Dispose()
    {
        // Some are not there yet where the constructor failed.
        foreach (GraphBinding? binding in _bindings)
        {
            binding?.Dispose();
        }

        _weights?.Dispose();
        _timestep?.Dispose();
        _guidance?.Dispose();
    }
}
