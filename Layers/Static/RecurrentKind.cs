namespace ManagedDyn.Layers.Static;

/// <summary>The formula of a recurrent step.</summary>
public enum RecurrentKind
{
    /// <summary>h′ = tanh(W_ih·x + b_ih + W_hh·h + b_hh).</summary>
    Tanh,

    /// <summary>h′ = relu(W_ih·x + b_ih + W_hh·h + b_hh).</summary>
    Relu,

    /// <summary>Gated recurrent unit, gates r, z, n.</summary>
    Gru,

    /// <summary>Long short-term memory, gates i, f, g, o.</summary>
    Lstm,
}
