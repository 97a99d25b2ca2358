using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Forecasts;

/// <summary>A text encoder, by its dimensions: layers of attention among all tokens and a feed-forward network.</summary>
public sealed record TextEncoderShape
{
    private const double TokenPasses = 12, Launches = 14;

    /// <summary>Its name, for readers of the file.</summary>
    public required string Name { get; init; }

    /// <summary>Layers.</summary>
    public required int Layers { get; init; }

    /// <summary>D: features of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Heads of attention.</summary>
    public required int Heads { get; init; }

    /// <summary>Features of all heads' queries together.</summary>
    public required int QueryWidth { get; init; }

    /// <summary>Features of all heads' keys together, and of their values.</summary>
    public required int KeyWidth { get; init; }

    /// <summary>Features inside the feed-forward network.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Matrices of the feed-forward network: 2, or 3 for a gated one.</summary>
    public required int Matrices { get; init; }

    /// <summary>Tokens of a prompt.</summary>
    public required int Tokens { get; init; }

    /// <summary>Tokens that it knows.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>The numbers in its weights.</summary>
    public double Parameters => (Layers * LayerProducts) + ((double)Vocabulary * Width);

    private double LayerProducts => ((double)Width * 2 * (QueryWidth + KeyWidth)) + ((double)Matrices * Width * FeedForward);

    /// <summary>What reading one prompt does.</summary>
    /// <returns>The stage's work.</returns>
    public StageWork Work()
    {
        double pairs = (double)Layers * Tokens * Tokens, tokens = (double)Layers * Tokens;
        return new StageWork(
            StageWork.Text,
            [
                new OperatorWork(OperatorClass.Gemm, 2 * Tokens * Layers * LayerProducts, (Layers * LayerProducts) + (tokens * ((7 * Width) + ((double)Matrices * FeedForward))), 0, 0),
                new OperatorWork(OperatorClass.Attention, 4 * pairs * QueryWidth, tokens * 2 * (QueryWidth + KeyWidth), pairs * Heads, 0),
                new OperatorWork(OperatorClass.Memory, 0, tokens * ((TokenPasses * Width) + (2.0 * FeedForward)), 0, Layers * Launches),
            ],
            Parameters,
            Tokens * ((8.0 * Width) + (2.0 * FeedForward)));
    }

    internal static TextEncoderShape Read(JsonFields fields)
    {
        int width = fields.Whole("width", 1, 1 << 20), query = fields.Whole("query_width", 1, 1 << 20, ifMissing: width);
        TextEncoderShape shape = new()
        {
            Name = fields.Text("name"),
            Layers = fields.Whole("layers", 1, 1000),
            Width = width,
            Heads = fields.Whole("heads", 1, 1 << 16),
            QueryWidth = query,
            KeyWidth = fields.Whole("key_width", 1, 1 << 20, ifMissing: query),
            FeedForward = fields.Whole("feed_forward", 1, 1 << 22),
            Matrices = fields.Whole("matrices", 2, 3, ifMissing: 2),
            Tokens = fields.Whole("tokens", 1, 1 << 20),
            Vocabulary = fields.Whole("vocabulary", 1, int.MaxValue),
        };
        fields.Close();
        return shape;
    }
}
