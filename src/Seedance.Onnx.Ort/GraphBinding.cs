using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Ort;

/// <summary>A graph with its tensors bound to it: bind once, run many times. A run allocates no managed memory.</summary>
/// <remarks>
/// The caller of <see cref="GraphSession.CreateBinding"/> disposes it. It keeps the session and the bound tensors alive. What is in an input
/// when <see cref="Run(CancellationToken)"/> is called is what the graph reads: on a card, an input that is a <see cref="HostTensor"/> is copied there before
/// every run, and an output that is one is copied back after it. Bind a <see cref="DeviceTensor"/> to what does not change, or what the next
/// graph reads. Not for several threads at once.
/// </remarks>
public sealed class GraphBinding : IDisposable
{
    private readonly Shared<NativeSession> _session;
    private readonly GraphContract _contract;
    private readonly OrtIoBinding _binding;
    private readonly CancellableRun _run;
    private readonly CancellableRun _lastRun;
    private readonly bool _givesBack;
    private readonly Dictionary<TensorContract, (GraphTensor Tensor, Shared<OrtValue> Value)> _bound = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<TensorContract, DeviceTensor> _uploads = new(ReferenceEqualityComparer.Instance);
    private readonly Func<ElementType, long[], DeviceTensor>? _allocate;
    private OrtValue[] _uploadSources = [];
    private OrtValue[] _uploadDestinations = [];
    private bool _checked;
    private bool _disposed;

    /// <summary>Takes over one ownership of the session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="contract">What goes in and out.</param>
    /// <param name="allocate">Makes a tensor on the session's device; null if that is the processor.</param>
    /// <param name="target">What the session runs on.</param>
    /// <param name="recording">The number of the CUDA graph that its runs record and replay; null for none.</param>
    internal GraphBinding(Shared<NativeSession> session, GraphContract contract, Func<ElementType, long[], DeviceTensor>? allocate, ResolvedTarget target, int? recording)
    {
        _allocate = allocate;
        _givesBack = target.GivesBack;
        _session = session;
        _contract = contract;
        _binding = session.Value.Session.CreateIoBinding();
        _run = new CancellableRun(recording, arenas: null);
        _lastRun = new CancellableRun(recording, target.Arenas);
        LiveHandles.Opened();
    }

    /// <summary>How often it ran to the end.</summary>
    public int Runs { get; private set; }

    /// <summary>The time that its runs took inside ONNX Runtime, copies to and from the device included.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Makes the graph read an input from a tensor, in place of what was bound before.</summary>
    /// <param name="name">The input's canonical name.</param>
    /// <param name="tensor">The tensor; borrowed, and kept alive by the binding.</param>
    /// <exception cref="ArgumentException">The graph has no such input, or declares another type, rank or fixed axis for it.</exception>
    /// <exception cref="ObjectDisposedException">The binding or the tensor was disposed.</exception>
    public void BindInput(string name, GraphTensor tensor)
    {
        TensorContract declared = Require("input", _contract.Inputs, name, tensor);
        if (_allocate is not null && tensor is HostTensor)
        {
            // ONNX Runtime would copy it once, here, and never see what is written to it later.
            DeviceTensor upload = _allocate(tensor.ElementType, [.. tensor.Shape]);
            _binding.BindInput(declared.FileName, upload.Value.Value);
            Keep(declared, tensor);
            SetUpload(declared, upload);
            return;
        }

        _binding.BindInput(declared.FileName, tensor.Value.Value);
        Keep(declared, tensor);
        SetUpload(declared, upload: null);
    }

    /// <summary>Makes the graph write an output into a tensor, in place of what was bound before. Outputs that are not bound are not computed.</summary>
    /// <param name="name">The output's canonical name.</param>
    /// <param name="tensor">The tensor; borrowed, and kept alive by the binding.</param>
    /// <exception cref="ArgumentException">The graph has no such output, or declares another type, rank or fixed axis for it.</exception>
    /// <exception cref="ObjectDisposedException">The binding or the tensor was disposed.</exception>
    public void BindOutput(string name, GraphTensor tensor)
    {
        TensorContract declared = Require("output", _contract.Outputs, name, tensor);
        _binding.BindOutput(declared.FileName, tensor.Value.Value);
        Keep(declared, tensor);
    }

    /// <summary>Runs the graph on what is bound. Allocates nothing from the second run on (under 200 bytes where host tensors are copied to a card).</summary>
    /// <param name="cancellationToken">Stops the run between two nodes; what the outputs then hold is undefined.</param>
    /// <exception cref="InvalidOperationException">An input or every output is not bound, or axes of the same letter differ.</exception>
    /// <exception cref="GraphExecutionException">The graph failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The binding was disposed.</exception>
    public void Run(CancellationToken cancellationToken = default) => Run(isLast: false, cancellationToken);

    /// <inheritdoc cref="Run(CancellationToken)"/>
    /// <param name="isLast">Whether no run follows soon, so that the session gives back the memory that it worked in where the process held more than <see cref="ResolvedTarget.KeptBytes"/> when this was made; otherwise the next run finds it there.</param>
    /// <param name="cancellationToken">Stops the run between two nodes; what the outputs then hold is undefined.</param>
    public void Run(bool isLast, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_checked)
        {
            Check();
            _checked = true;
        }

        long began = Stopwatch.GetTimestamp();
        Upload();
        _ = (isLast && _givesBack ? _lastRun : _run).Run(
            _contract.Role,
            static (binding, options) =>
            {
                binding._session.Value.Session.RunWithBinding(options, binding._binding);
                return 0;
            },
            this,
            cancellationToken);
        Elapsed += Stopwatch.GetElapsedTime(began);
        Runs++;
    }

    /// <summary>Frees the binding, and what only it kept alive.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _binding.Dispose();
        _run.Dispose();
        _lastRun.Dispose();
        LiveHandles.Closed();
        foreach ((_, Shared<OrtValue> value) in _bound.Values)
        {
            value.Release();
        }

        foreach (DeviceTensor upload in _uploads.Values)
        {
            upload.Dispose();
        }

        _session.Release();
    }

    private void Upload()
    {
        if (_uploads.Count == 0)
        {
            return;
        }

        try
        {
            OrtEnv.Instance().CopyTensors(_uploadSources, _uploadDestinations, stream: null);
        }
        catch (OnnxRuntimeException error)
        {
            throw new GraphExecutionException(_contract.Role, error);
        }
    }

    private void SetUpload(TensorContract declared, DeviceTensor? upload)
    {
        if (_uploads.Remove(declared, out DeviceTensor? before))
        {
            before.Dispose();
        }

        if (upload is not null)
        {
            _uploads.Add(declared, upload);
        }

        _uploadSources = [.. _uploads.Keys.Select(key => _bound[key].Value.Value)];
        _uploadDestinations = [.. _uploads.Values.Select(tensor => tensor.Value.Value)];
    }

    private TensorContract Require(string direction, IReadOnlyList<TensorContract> contract, string name, GraphTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ObjectDisposedException.ThrowIf(_disposed, this);
        TensorContract declared = TensorCheck.Find(_contract.Role, direction, contract, name);
        return TensorCheck.FindProblem(declared, tensor) is { } problem
            ? throw new ArgumentException($"Graph '{_contract.Role}': {problem}", nameof(tensor))
            : declared;
    }

    // Only after the native binding let go of the tensor bound before: its memory may go with its last owner.
    private void Keep(TensorContract declared, GraphTensor tensor)
    {
        Shared<OrtValue> value = tensor.Value.AddOwner();
        if (_bound.Remove(declared, out (GraphTensor Tensor, Shared<OrtValue> Value) before))
        {
            before.Value.Release();
        }

        _bound.Add(declared, (tensor, value));
        _checked = false;
    }

    private void Check()
    {
        if (_contract.Inputs.FirstOrDefault(tensor => !_bound.ContainsKey(tensor)) is { } missing)
        {
            throw new InvalidOperationException($"Graph '{_contract.Role}' input '{missing.Name}' must be bound before a run, but is not.");
        }

        if (!_contract.Outputs.Any(_bound.ContainsKey))
        {
            throw new InvalidOperationException($"Graph '{_contract.Role}' must have an output bound before a run, but has none.");
        }

        TensorCheck check = new();
        foreach (TensorContract declared in _contract.Inputs.Concat(_contract.Outputs).Where(_bound.ContainsKey))
        {
            if (check.FindDisagreement(declared, _bound[declared].Tensor) is { } problem)
            {
                throw new InvalidOperationException($"Graph '{_contract.Role}': {problem}");
            }
        }
    }
}
