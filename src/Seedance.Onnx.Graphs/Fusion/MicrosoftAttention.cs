using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>
/// Attention as com.microsoft.MultiHeadAttention. Its kernels without a bias never hold all scores at once; those with one do. So where the bias is of the keys
/// alone, a mask mostly, and the profile says so, it becomes a feature more: [q, 1] · [k, bias / scale] = q · k + bias / scale.
/// </summary>
internal sealed class MicrosoftAttention
{
    private readonly GraphView _graph;
    private readonly OnnxNode _node;
    private readonly AttentionMatch _match;
    private readonly Rewriting _rewriting;

    private MicrosoftAttention(GraphView graph, OnnxNode node, AttentionMatch match)
    {
        _graph = graph;
        _node = node;
        _match = match;
        _rewriting = graph.Rewrite(node);
    }

    public static bool Emit(GraphView graph, OnnxNode node, AttentionMatch match)
    {
        bool biased = match.Biases.Count + match.Masks.Count > 0;
        if (graph.Length(match.Query, -1) is not { } size || graph.Length(match.Value, -1) is not { } valueSize)
        {
            return false;
        }

        MicrosoftAttention attention = new(graph, node, match);
        if (match.Rank == 3)
        {
            return attention.Flat(biased);
        }

        bool asFeature = biased && graph.Profile.KeyBiasAsFeature && AttentionBias.IsOfKeysOnly(graph, match) && graph.Shapes.Find(match.Query)?.ElementType == OnnxElementType.Float32;
        if (biased && !asFeature)
        {
            return graph.Length(match.Query, 1) is { } heads && attention.WithBias(heads, size, valueSize);
        }

        return !biased && attention.FromProjections() || attention.PerHead(size, valueSize, asFeature);
    }

    /// <summary>[B · heads, S, d]: a batch of one head each, as it stands.</summary>
    private bool Flat(bool biased)
    {
        string key = Key();
        string? bias = AttentionBias.Combine(_graph, _node, _rewriting, _match);
        if (biased && (_match.Masks.Count > 0 || _graph.Shape(bias!) is not { Length: 3 } shape || shape[1] != _graph.Shape(_match.Query)![1]))
        {
            return false;
        }

        string[] inputs = bias is null ? [_match.Query, key, _match.Value] : [_match.Query, key, _match.Value, "", "", _rewriting.Add("Unsqueeze", [bias, _rewriting.Integers(1)])];
        _rewriting.End("MultiHeadAttention", OpsetImports.Microsoft, inputs, Attributes(1));
        return true;
    }

    /// <summary>Heads that were only split off from [B, S, heads · d], and only put together again behind: the operator does both itself.</summary>
    private bool FromProjections()
    {
        string? query = Unsplit(_match.Query, [0, 2, 1, 3]), key = Unsplit(_match.Key, _match.KeyOrder is null ? [0, 2, 1, 3] : null), value = Unsplit(_match.Value, [0, 2, 1, 3]);
        if (query is null || key is null || value is null || _graph.Length(_match.Query, 1) is not { } heads || Merged() is not { } last)
        {
            return false;
        }

        _graph.Rewrite(last).End("MultiHeadAttention", OpsetImports.Microsoft, [query, key, value], Attributes(heads));
        return true;
    }

    /// <summary>Every head of every batch as a batch of its own: only views of what is there.</summary>
    private bool PerHead(long size, long valueSize, bool asFeature)
    {
        string query = Flatten(_match.Query, size), key = Key();
        if (asFeature)
        {
            string bias = _graph.AddConstant<float>(_node.Name, "one", [1f]);
            query = _rewriting.Add("Pad", [query, _rewriting.Integers(0, 0, 0, 0, 0, 1), bias]);
            key = _rewriting.Add("Concat", [key, KeyFeature(key)], OnnxAttribute.Create("axis", -1));
            size++;
        }

        string heads = _rewriting.Add("MultiHeadAttention", OpsetImports.Microsoft, [query, Flatten(key, size), Flatten(_match.Value, valueSize)], Attributes(1));
        string shape = _rewriting.Add("Shape", [_match.Query]);
        if (_graph.Length(_match.Query, -1) != valueSize)
        {
            shape = _rewriting.Add("Concat", [_rewriting.Add("Slice", [shape, _rewriting.Integers(0), _rewriting.Integers(3)]), _rewriting.Integers(valueSize)], OnnxAttribute.Create("axis", 0));
        }

        _rewriting.End("Reshape", "", [heads, shape]);
        return true;
    }

    /// <summary>[B, heads, S, T] is added to the scores: the query goes in as [B, S, heads · d], keys and values as they are.</summary>
    private bool WithBias(long heads, long size, long valueSize)
    {
        string key = Key();
        string bias = AttentionBias.OverAllScores(_graph, _rewriting, AttentionBias.Combine(_graph, _node, _rewriting, _match)!, _match.Query, key);
        string query = _rewriting.Add("Reshape", [_rewriting.Add("Transpose", [_match.Query], OnnxAttribute.Create("perm", [0, 2, 1, 3])), _rewriting.Integers(0, 0, heads * size)]);
        string[] inputs = [query, key, _match.Value, "", "", bias];
        if (Merged() is { } last)
        {
            // Everything up to here stands in the place of the last node, too: it must be where all its inputs are made.
            _rewriting.EndAt(last, "MultiHeadAttention", OpsetImports.Microsoft, inputs, Attributes(heads));
            return true;
        }

        string merged = _rewriting.Add("MultiHeadAttention", OpsetImports.Microsoft, inputs, Attributes(heads));
        _rewriting.End("Transpose", "", [_rewriting.Add("Reshape", [merged, _rewriting.Integers(0, 0, heads, valueSize)])], OnnxAttribute.Create("perm", [0, 2, 1, 3]));
        return true;
    }

    private OnnxAttribute[] Attributes(long heads) => [OnnxAttribute.Create("num_heads", heads), OnnxAttribute.Create("scale", (float)_match.Scale)];

    private string Key() => _match.KeyOrder is { } order ? _rewriting.Add("Transpose", [_match.Key], OnnxAttribute.Create("perm", order)) : _match.Key;

    /// <summary>[B, heads, S, d] as [B · heads, S, d].</summary>
    private string Flatten(string value, long size) => _rewriting.Add("Reshape", [_rewriting.Add("Flatten", [value], OnnxAttribute.Create("axis", 2)), _rewriting.Integers(0, -1, size)]);

    /// <summary>The bias of each key over the scale, as [B, heads, T, 1].</summary>
    private string KeyFeature(string key)
    {
        string bias = AttentionBias.Combine(_graph, _node, _rewriting, _match)!;
        // All terms are [B, 1, 1, T] or less, so that the sum is; an axis in front of T is swapped behind it.
        bool isVector = _match.Biases.Concat(_match.Masks.Select(mask => mask.Condition)).All(value => _graph.Rank(value) <= 1);
        string column = isVector ? _rewriting.Add("Unsqueeze", [bias, _rewriting.Integers(-1)]) : _rewriting.Add("Transpose", [Rank4(bias)], OnnxAttribute.Create("perm", [0, 1, 3, 2]));
        string cut = _rewriting.Add("Max", [column, _graph.AddConstant<float>(_node.Name, "lowest", [AttentionBias.Lowest])]);
        string scaled = _match.Scale == 1 ? cut : _rewriting.Add("Mul", [cut, _graph.AddConstant<float>(_node.Name, "factor", [(float)(1 / _match.Scale)])]);
        string heads = _rewriting.Add("Slice", [_rewriting.Add("Shape", [key]), _rewriting.Integers(0), _rewriting.Integers(3)]);
        return _rewriting.Add("Expand", [scaled, _rewriting.Add("Concat", [heads, _rewriting.Integers(1)], OnnxAttribute.Create("axis", 0))]);
    }

    private string Rank4(string bias) => _rewriting.Add("Expand", [bias, _rewriting.Integers(1, 1, 1, 1)]);

    /// <summary>The [B, S, heads · d] that a value of [B, heads, S, d] was split from; null when it was made in another way.</summary>
    /// <param name="value">The value.</param>
    /// <param name="order">The order of the Transpose behind the split; null when the value is [B, S, heads, d] itself.</param>
    private string? Unsplit(string value, long[]? order)
    {
        if (order is null)
        {
            // kᵀ straight from [B, S, heads, d].
            if (_match.KeyOrder?.SequenceEqual([0, 2, 1, 3]) != true)
            {
                return null;
            }
        }
        else if (_graph.Maker(value, "Transpose") is { } transpose && transpose.Ints("perm")?.SequenceEqual(order) == true)
        {
            value = transpose.Inputs[0];
        }
        else
        {
            return null;
        }

        return _graph.Maker(value, "Reshape") is { } split && _graph.Rank(split.Inputs[0]) == 3 && _graph.Length(split.Inputs[0], 2) == _graph.Length(value, 2) * _graph.Length(value, 3)
            && _graph.Shape(split.Inputs[0]) is { } before && _graph.Shape(value) is { } after && before[0] == after[0] && before[1] == after[1]
            ? split.Inputs[0] : null;
    }

    /// <summary>The Reshape that puts the heads together again, when nothing else reads them.</summary>
    private OnnxNode? Merged()
    {
        if (_graph.OnlyReader(_node.Outputs[0], "Transpose") is not { } transpose || transpose.Ints("perm")?.SequenceEqual([0, 2, 1, 3]) != true
            || _graph.OnlyReader(transpose.Outputs[0], "Reshape") is not { } merge)
        {
            return null;
        }

        // Batch and tokens must come out as they went in: a merge of windows or frames is another matter.
        return _graph.Shape(merge.Outputs[0]) is { Length: 3 } merged && _graph.Shape(transpose.Outputs[0]) is { Length: 4 } heads && merged[0] == heads[0] && merged[1] == heads[1]
            && merged[2].Length == heads[2].Length * heads[3].Length ? merge : null;
    }
}
