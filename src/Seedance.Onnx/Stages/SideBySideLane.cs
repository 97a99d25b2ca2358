using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>
/// A step graph bound for each branch alone, run for all of them at once, each on a thread of its own; the update follows on the host, so that it is for the processor alone.
/// A branch's run gives its velocity: the matrix that it is given picks that.
/// </summary>
internal sealed class SideBySideLane : IStepLane
{
    private readonly Branch[] _branches;
    private readonly DeviceTensor[] _states;
    private readonly GraphTensor _noise;
    private readonly HostTensor _state, _next;
    private readonly float[] _velocities;

    /// <summary>Binds everything; nothing has run yet.</summary>
    /// <param name="graph">The step graph; borrowed.</param>
    /// <param name="states">The two states, [K, C, f, h, w]; borrowed.</param>
    /// <param name="noise">Fresh noise, or zeros; borrowed.</param>
    /// <param name="conditions">The graph's other inputs, for each branch; borrowed.</param>
    public SideBySideLane(GraphSession graph, DeviceTensor[] states, GraphTensor noise, IReadOnlyDictionary<string, GraphTensor>[] conditions)
    {
        (Graph, _states, _noise) = (graph, states, noise);
        _branches = new Branch[conditions.Length];
        try
        {
            long[] shape = [.. states[0].Shape];
            _state = HostTensor.Allocate(ElementType.Float32, shape);
            _next = HostTensor.Allocate(ElementType.Float32, shape);
            _velocities = new float[conditions.Length * (_state.ElementCount / shape[0])];
            for (int index = 0; index < _branches.Length; index++)
            {
                _branches[index] = new Branch(graph, states, noise, conditions[index]);
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
    public int Runs { get; private set; }

    /// <inheritdoc/>
    public TimeSpan InRuns { get; private set; }

    /// <inheritdoc/>
    public void Run(SolverStep step, int from, bool isLast, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long began = Stopwatch.GetTimestamp();
        foreach (Branch branch in _branches)
        {
            branch.Prepare(step, from, isLast, cancellationToken);
        }

        foreach (Branch branch in _branches.AsSpan(1))
        {
            _ = ThreadPool.UnsafeQueueUserWorkItem(branch, preferLocal: false);
        }

        foreach (Branch branch in _branches)
        {
            branch.Execute(); // where nobody has begun it yet
        }

        foreach (Branch branch in _branches)
        {
            branch.Wait();
        }

        InRuns += Stopwatch.GetElapsedTime(began);
        foreach (Branch branch in _branches)
        {
            branch.ThrowIfFailed();
        }

        Update(step, from);
        Runs++;
    }

    public void Dispose()
    {
        // Some are not there yet where the constructor failed.
        foreach (Branch? branch in _branches)
        {
            branch?.Dispose();
        }

        _state?.Dispose();
        _next?.Dispose();
    }

    private void Update(SolverStep step, int from)
    {
        int length = _velocities.Length / _branches.Length;
        for (int index = 0; index < _branches.Length; index++)
        {
            _branches[index].Velocity[..length].CopyTo(_velocities.AsSpan(index * length));
        }

        GuidanceRescale.Apply(step, _velocities);
        _states[from].CopyTo(_state);
        step.Apply(_state.AsSpan<float>(), _velocities, step.UsesNoise ? ((HostTensor)_noise).AsSpan<float>() : [], _next.AsSpan<float>());
        _states[1 - from].CopyFrom(_next);
    }

    /// <summary>One branch's binding, and who runs it.</summary>
    private sealed class Branch : IThreadPoolWorkItem, IDisposable
    {
        private readonly object _gate = new(); // not a Lock, which nobody can wait for
        private readonly HostTensor _velocity;
        private readonly StepBinding _binding;
        private double _timestep;
        private int _from;
        private bool _isLast;
        private CancellationToken _cancellationToken;
        private int _isTaken = 1;
        private bool _hasEnded;
        private ExceptionDispatchInfo? _failure;

        public Branch(GraphSession graph, DeviceTensor[] states, GraphTensor noise, IReadOnlyDictionary<string, GraphTensor> conditions)
        {
            try
            {
                _velocity = HostTensor.Allocate(ElementType.Float32, [.. states[0].Shape]);
                _binding = new StepBinding(graph, branches: 1, states, [_velocity, _velocity], noise, conditions);
                _binding.Weights.Clear();
                _binding.Weights[(int)states[0].Shape[0]] = 1; // the first tensor of what comes out is the velocity, the others are zeros
                _binding.Guidance[0] = 1;
                _binding.Guidance[1] = 0;
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>[C, f, h, w], and zeros behind it.</summary>
        public ReadOnlySpan<float> Velocity => _velocity.AsSpan<float>();

        /// <summary>Says what to run; from now on <see cref="Execute"/> does it once.</summary>
        public void Prepare(SolverStep step, int from, bool isLast, CancellationToken cancellationToken)
        {
            (_timestep, _from, _isLast, _cancellationToken, _failure, _hasEnded) = (step.Timestep, from, isLast, cancellationToken, null, false);
            Volatile.Write(ref _isTaken, 0);
        }

        /// <summary>Runs the branch unless somebody else does, or did. A thread of the pool may come to that after the step; it finds nothing to do, or begins the next one.</summary>
        public void Execute()
        {
            if (Interlocked.Exchange(ref _isTaken, 1) != 0)
            {
                return;
            }

            try
            {
                _binding.Run(_timestep, _from, _isLast, _cancellationToken);
            }
#pragma warning disable CA1031 // It is thrown by the thread that waits.
            catch (Exception error)
#pragma warning restore CA1031
            {
                _failure = ExceptionDispatchInfo.Capture(error);
            }
            finally
            {
                lock (_gate)
                {
                    _hasEnded = true;
                    Monitor.Pulse(_gate);
                }
            }
        }

        /// <summary>Waits until the run has ended: a run that is cancelled or fails ends too.</summary>
        public void Wait()
        {
            lock (_gate)
            {
                while (!_hasEnded)
                {
                    Monitor.Wait(_gate);
                }
            }
        }

        public void ThrowIfFailed() => _failure?.Throw();

        public void Dispose()
        {
            // One is not there yet where the constructor failed.
            _binding?.Dispose();
            _velocity?.Dispose();
        }
    }
}
