using System.Collections.Immutable;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Stages;

/// <summary>A step graph bound for some of the branches: once for each of the two states that it reads, so that a run binds nothing.</summary>
internal sealed class StepBinding : IDisposable
{
    private readonly GraphBinding[] _bindings = new GraphBinding[2];
    private readonly HostTensor _weights;
    private readonly HostTensor _timestep;
    private readonly HostTensor _guidance;

    /// <summary>Binds everything; nothing has run yet.</summary>
    /// <param name="graph">The step graph; borrowed.</param>
    /// <param name="branches">G: branches that it runs.</param>
    /// <param name="states">The two states, [K, C, f, h, w]; borrowed.</param>
    /// <param name="outputs">Where what comes out goes, for either state, [K, C, f, h, w]; borrowed.</param>
    /// <param name="noise">Fresh noise, or zeros; borrowed.</param>
    /// <param name="conditions">The graph's other inputs, for these branches; borrowed.</param>
    public StepBinding(GraphSession graph, int branches, DeviceTensor[] states, GraphTensor[] outputs, GraphTensor noise, IReadOnlyDictionary<string, GraphTensor> conditions)
    {
        try
        {
            long keep = states[0].Shape[0];
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

                binding.BindOutput(ComposedTensors.NextState, outputs[i]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>W of the next run, [K, K + G + 1].</summary>
    public Span<float> Weights => _weights.AsSpan<float>();

    /// <summary>The branches' weights of the next run and φ behind them, [G + 1].</summary>
    public Span<float> Guidance => _guidance.AsSpan<float>();

    /// <summary>How often the graph ran.</summary>
    public int Runs => _bindings[0].Runs + _bindings[1].Runs;

    /// <summary>The time that those runs took.</summary>
    public TimeSpan InRuns => _bindings[0].Elapsed + _bindings[1].Elapsed;

    /// <summary>Runs the graph.</summary>
    /// <param name="timestep">The timestep that all branches are given.</param>
    /// <param name="from">Which state it reads, 0 or 1.</param>
    /// <param name="isLast">Whether no run of the graph follows soon.</param>
    /// <param name="cancellationToken">Stops it inside the run.</param>
    public void Run(double timestep, int from, bool isLast, CancellationToken cancellationToken)
    {
        _timestep.AsSpan<float>().Fill((float)timestep);
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
