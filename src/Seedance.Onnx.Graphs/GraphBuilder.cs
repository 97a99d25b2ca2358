namespace Seedance.Onnx.Graphs;

/// <summary>Adds nodes to a graph with names that are not taken yet. Not safe for use by several threads at once.</summary>
public sealed class GraphBuilder
{
    private readonly HashSet<string> _taken;
    private readonly string _scope;

    /// <summary>Builds on a graph.</summary>
    /// <param name="graph">The graph; changed by every call.</param>
    /// <param name="scope">What new nodes and values are named behind, for example "/step".</param>
    public GraphBuilder(OnnxGraph graph, string scope = "")
    {
        ArgumentNullException.ThrowIfNull(graph);
        Graph = graph;
        _scope = scope;
        _taken = new HashSet<string>(graph.AllNodes.SelectMany(node => node.Outputs.Append(node.Name)), StringComparer.Ordinal);
        _taken.UnionWith(graph.Inputs.Select(input => input.Name));
        _taken.UnionWith(graph.Initializers.Select(tensor => tensor.Name));
    }

    /// <summary>The graph that grows.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>Adds an input of the graph.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="shape">Its axes, outermost first.</param>
    /// <returns>Its name.</returns>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public string Input(string name, OnnxElementType type, params ReadOnlySpan<OnnxDimension> shape)
    {
        if (!_taken.Add(name))
        {
            throw new ArgumentException($"Name of an input must be new, but '{name}' is taken.", nameof(name));
        }

        Graph.Inputs.Add(new OnnxValue(name, type, shape));
        return name;
    }

    /// <summary>Makes a value an output of the graph.</summary>
    /// <param name="value">The value's name.</param>
    /// <param name="type">The type of its elements.</param>
    /// <param name="shape">Its axes, outermost first.</param>
    public void Output(string value, OnnxElementType type, params ReadOnlySpan<OnnxDimension> shape) => Graph.Outputs.Add(new OnnxValue(value, type, shape));

    /// <summary>Adds an initialiser.</summary>
    /// <typeparam name="T">float, double, Half, bool or a primitive integer.</typeparam>
    /// <param name="name">What to name it, in the scope; a number is added where the name is taken.</param>
    /// <param name="values">Its elements, the last axis fastest.</param>
    /// <param name="dimensions">The length of each axis; none for a scalar.</param>
    /// <returns>Its name.</returns>
    /// <exception cref="ArgumentException">The number of values does not fit the axes.</exception>
    public string Constant<T>(string name, ReadOnlySpan<T> values, params ReadOnlySpan<long> dimensions)
        where T : unmanaged
    {
        string full = NewName(name);
        Graph.Initializers.Set(OnnxTensor.Create(full, values, dimensions));
        return full;
    }

    /// <summary>Adds a list of whole numbers, as shapes, axes and the like are given.</summary>
    /// <param name="values">[n] int64.</param>
    /// <returns>Its name.</returns>
    public string Integers(params ReadOnlySpan<long> values) => Constant("integers", values, values.Length);

    /// <summary>Adds one single-precision number.</summary>
    /// <param name="value">float32, a scalar.</param>
    /// <returns>Its name.</returns>
    public string Number(float value) => Constant<float>("number", [value]);

    /// <summary>Adds a node of ONNX's own with one output.</summary>
    /// <param name="opType">The operator.</param>
    /// <param name="inputs">The values it reads; an empty name leaves an optional input out.</param>
    /// <param name="attributes">What it is configured with.</param>
    /// <returns>The name of its output.</returns>
    public string Add(string opType, IEnumerable<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes) => Add(opType, inputs, 1, "", attributes)[0];

    /// <summary>Adds a node.</summary>
    /// <param name="opType">The operator.</param>
    /// <param name="inputs">The values it reads; an empty name leaves an optional input out.</param>
    /// <param name="outputs">How many values it makes.</param>
    /// <param name="domain">The operator's domain; empty for ONNX's own.</param>
    /// <param name="attributes">What it is configured with.</param>
    /// <returns>The names of its outputs.</returns>
    public string[] Add(string opType, IEnumerable<string> inputs, int outputs, string domain, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        string name = NewName(opType);
        string[] values = [.. Enumerable.Range(0, outputs).Select(i => NewValue($"{name}/output_{i}"))];
        Graph.Nodes.Add(new OnnxNode(opType, inputs, values, name, domain, attributes));
        return values;
    }

    /// <summary>Gives the value a name of the caller's choice, by a node that does nothing else.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">The new name.</param>
    /// <returns>The new name.</returns>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public string Rename(string value, string name)
    {
        if (!_taken.Add(name))
        {
            throw new ArgumentException($"Name of a value must be new, but '{name}' is taken.", nameof(name));
        }

        Graph.Nodes.Add(new OnnxNode("Identity", [value], [name], NewName("Identity")));
        return name;
    }

    /// <summary>A name in the scope that nothing has yet.</summary>
    /// <param name="name">What the name is to end with.</param>
    /// <returns>The name, with a number behind it where it was taken.</returns>
    public string NewName(string name) => NewValue(_scope.Length == 0 ? name : $"{_scope}/{name}");

    private string NewValue(string full)
    {
        string unique = full;
        for (int i = 1; !_taken.Add(unique); i++)
        {
            unique = $"{full}_{i}";
        }

        return unique;
    }
}
