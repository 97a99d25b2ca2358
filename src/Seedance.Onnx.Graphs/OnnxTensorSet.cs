using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Seedance.Onnx.Graphs;

/// <summary>The initialisers of a graph: tensors by name, in the file's order.</summary>
public sealed class OnnxTensorSet : IReadOnlyCollection<OnnxTensor>
{
    private OrderedDictionary<string, OnnxTensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>How many there are.</summary>
    public int Count => _tensors.Count;

    /// <summary>Adds a tensor, in the place of the one that has its name.</summary>
    /// <param name="tensor">The tensor; its name must not be empty.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public void Set(OnnxTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Name.Length == 0)
        {
            throw new ArgumentException("A tensor must have a name to be an initialiser, but has none.", nameof(tensor));
        }

        _tensors[tensor.Name] = tensor;
    }

    /// <summary>The tensor of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The tensor; null when there is none.</returns>
    public OnnxTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>The tensor of a name, if there is one.</summary>
    /// <param name="name">The name.</param>
    /// <param name="tensor">The tensor; null when the answer is false.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryFind(string name, [NotNullWhen(true)] out OnnxTensor? tensor) => _tensors.TryGetValue(name, out tensor);

    /// <summary>Whether there is a tensor of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>True if there is.</returns>
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <summary>Removes all tensors that a test picks.</summary>
    /// <param name="match">The test.</param>
    /// <returns>How many were removed.</returns>
    public int RemoveAll(Predicate<OnnxTensor> match)
    {
        ArgumentNullException.ThrowIfNull(match);
        int before = Count;
        OrderedDictionary<string, OnnxTensor> kept = new(before, StringComparer.Ordinal);
        foreach (OnnxTensor tensor in _tensors.Values.Where(tensor => !match(tensor)))
        {
            kept.Add(tensor.Name, tensor);
        }

        _tensors = kept;
        return before - Count;
    }

    /// <inheritdoc/>
    public IEnumerator<OnnxTensor> GetEnumerator() => _tensors.Values.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
